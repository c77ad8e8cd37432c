package io.github.deltallm.backend.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The programs of a context: each source is built once with each set of options, or taken from what
 * an earlier process left. Thread-safe.
 */
final class Programs implements AutoCloseable {
    /** What every source begins with. */
    private static final String COMMON = "common.cl";

    private static final System.Logger LOG =
            System.getLogger("io.github.deltallm.backend.opencl.programs");

    private final ClContext context;
    private final BinaryCache binaries;
    private final String always;
    private final Map<String, ClProgram> built = new HashMap<>();

    Programs(ClContext context, BinaryCache binaries) {
        this.context = context;
        this.binaries = binaries;
        always =
                context.device().limits().roundedDivision()
                        ? "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt"
                        : "-cl-std=CL1.2";
    }

    /**
     * The program of resources in this package, one after the other.
     *
     * @param options for the compiler, such as {@code -D TILE=64}
     * @throws ClException with the compiler's log if it does not compile
     */
    synchronized ClProgram program(String options, String... resources) {
        String name = String.join(" + ", resources);
        ClProgram program = built.get(name + " " + options);
        if (program == null) {
            StringBuilder source = new StringBuilder(source(COMMON));
            for (String resource : resources) {
                source.append('\n').append(source(resource));
            }
            program = build(name, source.toString(), (always + " " + options).strip());
            built.put(name + " " + options, program);
        }
        return program;
    }

    /** Loads what was kept or compiles; the caller closes it. */
    ClProgram build(String resource, String source, String options) {
        BinaryCache.Key key = binaries.key(context.device().identity(), options, source);
        byte[] binary = binaries.find(key);
        if (binary.length > 0) {
            try {
                return ClProgram.ofBinary(context, resource, binary, options)
                        .orElse(() -> {
                            binaries.remove(key);
                            return compile(key, resource, source, options);
                        });
            } catch (ClException e) {
                binaries.remove(key);
            }
        }
        return compile(key, resource, source, options);
    }

    private ClProgram compile(BinaryCache.Key key, String resource, String source, String options) {
        ClProgram program = ClProgram.ofSource(context, resource, source, options);
        if (binaries.keeps()) {
            keep(key, resource, program);
        }
        return program;
    }

    /** Drivers may give no binaries: then the program is compiled every time. */
    private void keep(BinaryCache.Key key, String resource, ClProgram program) {
        try {
            binaries.keep(key, program.binary());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "the compiled " + resource + " is not kept", e);
        }
    }

    private static String source(String resource) {
        try (InputStream in = Programs.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalArgumentException("there is no kernel source " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the kernel source " + resource + " can't be read", e);
        }
    }

    @Override
    public synchronized void close() {
        try (Resources all = new Resources()) {
            built.values().forEach(program -> all.add(program, program::close));
            built.clear();
        }
    }
}
