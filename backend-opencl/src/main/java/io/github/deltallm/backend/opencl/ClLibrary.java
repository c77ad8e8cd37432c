package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Optional;

/** Looks for the system's OpenCL library, which is usually a loader of the vendors' drivers. */
final class ClLibrary {
    private ClLibrary() {}

    /** What was found. */
    sealed interface Search {}

    /**
     * A library.
     *
     * @param name as it was opened
     */
    record Found(String name, ClFunctions functions) implements Search {}

    /**
     * None.
     *
     * @param reason one sentence: what is missing
     * @param remedy one sentence: what to do about it
     */
    record Missing(String reason, String remedy) implements Search {}

    /**
     * Opens the first library that is there. It is never unloaded: drivers have threads.
     *
     * @param named the only one to try, where somebody named one
     */
    static Search find(Optional<String> named) {
        List<String> names = named.map(List::of).orElseGet(ClLibrary::usual);
        List<String> incomplete = new ArrayList<>();
        for (String name : names) {
            try {
                SymbolLookup symbols = SymbolLookup.libraryLookup(name, Arena.global());
                return new Found(name, new ClFunctions(symbols));
            } catch (NoSuchElementException e) {
                incomplete.add(name + " lacks " + e.getMessage());
            } catch (IllegalArgumentException notThere) {
                // The next one may be.
            } catch (UnsupportedOperationException e) {
                return new Missing(
                        "Java can't call native libraries on this system (" + e.getMessage() + ")",
                        "use a 64-bit Java that has java.lang.foreign for this system, or another"
                                + " backend");
            } catch (IllegalCallerException e) {
                return new Missing(
                        "Java does not let the backend opencl call native libraries",
                        "start Java with --enable-native-access="
                                + "io.github.deltallm.backend.opencl, or ALL-UNNAMED on the class"
                                + " path");
            }
        }
        return missing(names, incomplete);
    }

    private static Missing missing(List<String> names, List<String> incomplete) {
        String tried =
                incomplete.isEmpty()
                        ? "there is no OpenCL library (" + String.join(", ", names) + ")"
                        : "the OpenCL library is older than OpenCL 1.2: "
                                + String.join(", ", incomplete);
        return new Missing(
                tried,
                "install the graphics driver's OpenCL support (on Debian for example"
                        + " intel-opencl-icd, mesa-opencl-icd or, for the CPU, pocl-opencl-icd),"
                        + " or name the library in the environment variable "
                        + OpenClSettings.LIBRARY_VARIABLE);
    }

    private static List<String> usual() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (system.contains("windows")) {
            return List.of("OpenCL.dll");
        }
        if (system.contains("mac")) {
            return List.of("/System/Library/Frameworks/OpenCL.framework/OpenCL");
        }
        return List.of(
                "libOpenCL.so.1",
                "libOpenCL.so",
                "/vendor/lib64/libOpenCL.so",
                "/system/vendor/lib64/libOpenCL.so");
    }
}
