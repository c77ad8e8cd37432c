package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

class OpenClBackendProviderTest {
    @TempDir private Path folder;

    private OpenClBackendProvider provider() {
        return new OpenClBackendProvider(Devices.settings(folder));
    }

    private static BackendOptions options(String device) {
        return new BackendOptions(0, Precision.FAST, Optional.of(device));
    }

    @Test
    void weighsLessThanWhatIsMadeForTheProcessor() {
        assertThat(provider().name()).isEqualTo("opencl");
        assertThat(provider().weight()).isLessThan(100).isGreaterThan(1);
    }

    @Test
    void listsEveryUsableDevice() {
        List<String> names = Devices.usable().stream().map(ClDevice::name).toList();
        assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.matches("\\d+:\\d+ .+"));
        assertThat(provider().probe())
                .isInstanceOfSatisfying(
                        BackendProbe.Available.class,
                        available -> assertThat(available.devices()).isEqualTo(names));
    }

    @Test
    void deviceIsSelectedByNumbersNameOrAPartOfIt() {
        String name = Devices.any().name();
        String numbers = name.substring(0, name.indexOf(' '));
        String part = name.substring(name.indexOf(' ') + 1).toUpperCase(Locale.ROOT);
        for (String selector : List.of(name, numbers, part)) {
            try (Backend backend = provider().open(options(selector))) {
                assertThat(backend.description()).startsWith("opencl: " + name);
            }
        }
    }

    @Test
    void unknownDeviceIsRefusedWithThoseThatThereAre() {
        String name = Devices.any().name();
        assertThatThrownBy(() -> provider().open(options("no-such-device")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("no device 'no-such-device'")
                .hasMessageContaining(name);
    }

    @Test
    void partOfSeveralNamesIsRefused() {
        ClDeviceLimits limits = new ClDeviceLimits(false, false, 1, 1, 1, false, 1, 1, 1, false);
        List<ClDevice> devices =
                List.of(
                        new ClDevice(null, 1, "0:0 Some GPU (A)", "1", limits, ""),
                        new ClDevice(null, 2, "0:1 Other GPU (A)", "1", limits, ""),
                        new ClDevice(null, 3, "1:0 Some CPU (B)", "1", limits, ""));
        assertThat(ClDevices.select(devices, "gpu")).hasSize(2);
        assertThat(ClDevices.select(devices, "some gpu")).containsExactly(devices.getFirst());
        assertThat(ClDevices.select(devices, "1:0")).containsExactly(devices.getLast());
        assertThat(ClDevices.select(devices, "0:1 Other GPU (A)")).containsExactly(devices.get(1));
        assertThat(ClDevices.select(devices, "")).isEmpty();
    }

    @Test
    void closedBackendRefusesToCompile() {
        Devices.any();
        Backend backend = provider().open(BackendOptions.DEFAULT);
        backend.close();
        backend.close();
        assertThatThrownBy(() -> backend.compile(Tiny.add(), 1))
                .isInstanceOf(IllegalStateException.class);
    }
}
