package io.github.deltallm.backend.opencl;

import java.io.File;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What this JVM runs from, for another one. */
final class ClassPath {
    private ClassPath() {}

    /** Class path and module path, as one class path. */
    static String everything() {
        return Stream.of("java.class.path", "jdk.module.path", "surefire.test.class.path")
                .map(name -> System.getProperty(name, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
