package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.BackendProbe;

import org.junit.jupiter.api.Test;

import java.util.List;

/** A platform or a device that fails is told, and takes no other with it. */
class BrokenDriverTest {
    private static final int OUT_OF_HOST_MEMORY = -6;
    private static final int VERSION = 0x102F;
    private static final int MAX_WORK_ITEM_SIZES = 0x1005;
    private static final long BROKEN = 42;

    private final Driver driver = new Driver();
    private final ClFunctions sound = driver.sound();

    private BackendProbe probe() {
        return OpenClBackendProvider.probe(new ClLibrary.Found("a library", driver.functions()));
    }

    /** Lists the broken platform before the first that is there. */
    private void addPlatform() {
        driver.replace(
                "clGetPlatformIDs",
                Driver.Platforms.class,
                (entries, into, count) -> {
                    Driver.put(count, 2);
                    Driver.put(into, BROKEN);
                    return into == 0 ? 0 : sound.getPlatformIds(1, into + 8, 0);
                });
    }

    /** Lists the broken device before the first that is there. */
    private void addDevice() {
        driver.replace(
                "clGetDeviceIDs",
                Driver.DevicesOfPlatform.class,
                (platform, type, entries, into, count) -> {
                    Driver.put(count, 2);
                    Driver.put(into, BROKEN);
                    return into == 0 ? 0 : sound.getDeviceIds(platform, type, 1, into + 8, 0);
                });
    }

    /** Answers questions about what is broken; the driver answers those about others. */
    private void answer(String function, Driver.Info others, Driver.Info broken) {
        driver.replace(
                function,
                Driver.Info.class,
                (object, name, size, value, needed) ->
                        (object == BROKEN ? broken : others)
                                .get(object, name, size, value, needed));
    }

    /** Answers as the first device, but for one property. */
    private void answerBut(int property, Driver.Info answer) {
        long handle = Devices.any().handle();
        answer(
                "clGetDeviceInfo",
                sound::getDeviceInfo,
                (object, name, size, value, needed) ->
                        name == property
                                ? answer.get(object, name, size, value, needed)
                                : sound.getDeviceInfo(handle, name, size, value, needed));
    }

    private void assertOthersAreUsable(String name, String reason) {
        List<ClDevice> devices = ClDevices.list(driver.functions());
        assertThat(devices)
                .filteredOn(device -> !device.usable())
                .singleElement()
                .satisfies(device -> {
                    assertThat(device.name()).startsWith(name);
                    assertThat(device.unusable()).contains(reason);
                });
        List<String> usable =
                devices.stream().filter(ClDevice::usable).map(ClDevice::name).toList();
        assertThat(probe())
                .isInstanceOfSatisfying(
                        BackendProbe.Available.class,
                        available ->
                                assertThat(available.devices()).isNotEmpty().isEqualTo(usable));
    }

    @Test
    void platformWithoutANameLeavesTheOthersUsable() {
        addPlatform();
        answer("clGetPlatformInfo", sound::getPlatformInfo, (o, n, s, v, x) -> OUT_OF_HOST_MEMORY);
        assertOthersAreUsable("0", "clGetPlatformInfo failed with CL_OUT_OF_HOST_MEMORY");
    }

    @Test
    void platformThatListsNoDevicesLeavesTheOthersUsable() {
        addPlatform();
        answer(
                "clGetPlatformInfo",
                sound::getPlatformInfo,
                (object, name, size, value, needed) -> {
                    Driver.put(needed, 4L);
                    Driver.put(value, 'b' | 'a' << 8 | 'd' << 16);
                    return 0;
                });
        driver.replace(
                "clGetDeviceIDs",
                Driver.DevicesOfPlatform.class,
                (platform, type, entries, into, count) ->
                        platform == BROKEN
                                ? OUT_OF_HOST_MEMORY
                                : sound.getDeviceIds(platform, type, entries, into, count));
        assertOthersAreUsable("0 bad", "clGetDeviceIDs failed with CL_OUT_OF_HOST_MEMORY");
    }

    @Test
    void deviceThatTellsNothingLeavesTheOthersUsable() {
        addDevice();
        answer("clGetDeviceInfo", sound::getDeviceInfo, (o, n, s, v, x) -> OUT_OF_HOST_MEMORY);
        assertOthersAreUsable("0:0", "clGetDeviceInfo failed with CL_OUT_OF_HOST_MEMORY");
    }

    @Test
    void propertyOfAnOddLengthMakesADeviceUnusable() {
        addDevice();
        answerBut(
                MAX_WORK_ITEM_SIZES,
                (object, name, size, value, needed) -> {
                    Driver.put(needed, 12L);
                    return 0;
                });
        assertOthersAreUsable("0:0", "tells its property 0x1005 in 12 bytes");
    }

    @Test
    void propertyOfAnAbsurdLengthMakesADeviceUnusable() {
        addDevice();
        answerBut(
                VERSION,
                (object, name, size, value, needed) -> {
                    Driver.put(needed, Long.MAX_VALUE);
                    return 0;
                });
        assertOthersAreUsable("0:0", "tells its property 0x102f in " + Long.MAX_VALUE + " bytes");
    }

    @Test
    void lengthThatGrowsBetweenTwoQuestionsDoesNoHarm() {
        addDevice();
        answerBut(
                VERSION,
                (object, name, size, value, needed) -> {
                    Driver.put(needed, value == 0 ? 4L : 1000L);
                    return 0;
                });
        assertOthersAreUsable("0:0", "not OpenCL 1.2");
    }

    @Test
    void nothingButBrokenDevicesAreToldWithTheirReasons() {
        driver.replace("clGetDeviceInfo", Driver.Info.class, (o, n, s, v, x) -> OUT_OF_HOST_MEMORY);
        assertThat(probe())
                .isInstanceOfSatisfying(
                        BackendProbe.Unavailable.class,
                        unavailable ->
                                assertThat(unavailable.reason())
                                        .contains("0:0")
                                        .contains("CL_OUT_OF_HOST_MEMORY"));
    }

    @Test
    void driverThatListsNoPlatformsIsUnavailable() {
        driver.replace(
                "clGetPlatformIDs",
                Driver.Platforms.class,
                (entries, into, count) -> OUT_OF_HOST_MEMORY);
        assertThat(probe())
                .isInstanceOfSatisfying(
                        BackendProbe.Unavailable.class,
                        unavailable ->
                                assertThat(unavailable.reason())
                                        .contains("does not work")
                                        .contains("list the platforms"));
    }
}
