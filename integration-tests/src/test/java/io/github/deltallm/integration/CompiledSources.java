package io.github.deltallm.integration;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles sources that are no part of the build, as somebody who only has our jars would. */
final class CompiledSources {
    private CompiledSources() {}

    /**
     * Writes a source file below {@code folder}: {@code path} such as {@code org/example/A.java}.
     */
    static void write(Path folder, String path, String text) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** Compiles all sources below a folder with nothing but {@code needed} on the class path. */
    static void onClassPath(Path sources, Path classes, List<Path> needed) throws IOException {
        compile(sources, classes, "--class-path", needed);
    }

    /** Compiles the module whose sources are in a folder against the modules {@code needed}. */
    static void asModule(Path sources, Path classes, List<Path> needed) throws IOException {
        compile(sources, classes, "--module-path", needed);
    }

    static String join(List<Path> path) {
        return path.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static void compile(Path sources, Path classes, String kind, List<Path> needed)
            throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(sources)) {
            files = found.filter(file -> file.toString().endsWith(".java")).toList();
        }
        List<String> options =
                new ArrayList<>(
                        List.of("-proc:none", "-d", Files.createDirectories(classes).toString()));
        options.addAll(List.of(kind, join(needed)));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter output = new StringWriter();
        try (StandardJavaFileManager manager =
                compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8)) {
            boolean done =
                    compiler.getTask(
                                    output,
                                    manager,
                                    null,
                                    options,
                                    null,
                                    manager.getJavaFileObjectsFromPaths(files))
                            .call();
            if (!done) {
                throw new AssertionError("these sources should compile:\n" + output);
            }
        }
    }
}
