package io.github.deltallm.backend.opencl;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What can be set from outside, by a system property or an environment variable.
 *
 * @param library the OpenCL library to open instead of the system's
 * @param programs the folder that compiled programs are kept in; empty keeps none
 * @param copies whether weights are copied where they could be used in place: for drivers that
 *     accept memory of a file and then fail to read it
 * @param maxAlloc bytes of the largest buffer, where that is less than the device's own limit: to
 *     test, where limits are large, what small devices do
 * @param apart whether a processor is treated as a GPU with memory of its own: to test, where there
 *     is none, what runs there
 * @param profile whether the time of every kernel is measured, and logged when a program is closed
 */
record OpenClSettings(
        Optional<String> library,
        Optional<Path> programs,
        boolean copies,
        long maxAlloc,
        boolean apart,
        boolean profile) {
    static final String LIBRARY_VARIABLE = "DELTALLM_OPENCL";
    static final String CACHE_VARIABLE = "DELTALLM_OPENCL_CACHE";
    static final String COPY_VARIABLE = "DELTALLM_OPENCL_COPY";
    private static final System.Logger LOG =
            System.getLogger("io.github.deltallm.backend.opencl.programs");

    /**
     * Those of this process. A cache named {@code off} is none, as is one that no folder can be.
     */
    static OpenClSettings ofProcess() {
        Optional<String> cache = setting("deltallm.opencl.cache", CACHE_VARIABLE);
        return new OpenClSettings(
                setting("deltallm.opencl", LIBRARY_VARIABLE),
                cache.isPresent()
                        ? cache.filter(name -> !name.equals("off")).flatMap(OpenClSettings::folder)
                        : userCache(),
                setting("deltallm.opencl.copy", COPY_VARIABLE)
                        .map(Boolean::parseBoolean)
                        .orElse(false),
                Long.getLong("deltallm.opencl.alloc", Long.MAX_VALUE),
                Boolean.getBoolean("deltallm.opencl.apart"),
                Boolean.getBoolean("deltallm.opencl.profile"));
    }

    private static Optional<String> setting(String property, String variable) {
        return Optional.ofNullable(System.getProperty(property))
                .or(() -> Optional.ofNullable(System.getenv(variable)))
                .filter(value -> !value.isBlank());
    }

    /** A name that no folder can have is as good as none: programs are compiled every time then. */
    private static Optional<Path> folder(String name) {
        try {
            return Optional.of(Path.of(name));
        } catch (InvalidPathException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "compiled OpenCL programs are not kept, because their folder can't be: "
                            + e.getMessage()
                            + "; look at "
                            + CACHE_VARIABLE);
            return Optional.empty();
        }
    }

    private static Optional<Path> userCache() {
        return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .or(() -> Optional.ofNullable(System.getenv("LOCALAPPDATA")))
                .filter(folder -> !folder.isBlank())
                .flatMap(OpenClSettings::folder)
                .or(() ->
                        Optional.ofNullable(System.getProperty("user.home"))
                                .flatMap(OpenClSettings::folder)
                                .map(home -> home.resolve(".cache")))
                .map(folder -> folder.resolve("deltallm").resolve("opencl"));
    }
}
