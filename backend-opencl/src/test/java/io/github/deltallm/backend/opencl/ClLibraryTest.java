package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** A machine without OpenCL is told what is missing. */
class ClLibraryTest {
    private static final String NONE = "libno-such-opencl.so";

    /** What a JVM of its own runs. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            System.out.println(new OpenClBackendProvider().probe());
        }
    }

    @Test
    void missingLibraryHasAReasonAndARemedy() {
        OpenClBackendProvider provider = provider(NONE);
        assertThat(provider.probe()).isInstanceOf(BackendProbe.Unavailable.class);
        BackendProbe.Unavailable unavailable = (BackendProbe.Unavailable) provider.probe();
        assertThat(unavailable.reason()).contains(NONE);
        assertThat(unavailable.remedy()).contains("install").contains("DELTALLM_OPENCL");
    }

    @Test
    void openingWithoutALibraryIsRefused() {
        assertThatThrownBy(() -> provider(NONE).open(BackendOptions.DEFAULT))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining(NONE)
                .hasMessageContaining("install");
    }

    @Test
    void libraryThatIsNotOpenClIsNamedWithWhatItLacks() {
        String another = Path.of(System.getProperty("java.home"), "lib", "libjava.so").toString();
        assertThat(provider(another).probe())
                .isInstanceOfSatisfying(
                        BackendProbe.Unavailable.class,
                        unavailable ->
                                assertThat(unavailable.reason())
                                        .contains(another)
                                        .contains("lacks clGetPlatformIDs"));
    }

    @Test
    void environmentNamesTheLibrary() throws IOException, InterruptedException {
        ProcessBuilder java =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        ClassPath.everything(),
                        Probe.class.getName());
        java.environment().put("DELTALLM_OPENCL", NONE);
        Process process = java.redirectErrorStream(true).start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(told).isZero();
        assertThat(told).contains("Unavailable").contains(NONE);
    }

    private static OpenClBackendProvider provider(String library) {
        return new OpenClBackendProvider(
                new OpenClSettings(
                        Optional.of(library),
                        Optional.empty(),
                        false,
                        Long.MAX_VALUE,
                        false,
                        false));
    }
}
