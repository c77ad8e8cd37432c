package io.github.deltallm.conformance.tests.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.stream.Stream;

class EventTest {
    static Stream<Event> events() {
        return Stream.of(
                new Event.Ready(),
                new Event.Described("cpu: 2 threads, 512 bits"),
                new Event.Begun("KRN-02", ""),
                new Event.Begun("DLT-04", "theta 0.4\nevents F32"),
                new Event.Ended("KRN-02", "", Status.PASSED, "", Duration.ofNanos(17)),
                new Event.Ended(
                        "KRN-02", "F32, 1 × 7", Status.FAILED, "off by\n3 ulp", Duration.ZERO),
                new Event.Stack("at a.b.C\nat d.e.F"),
                new Event.Done());
    }

    @ParameterizedTest
    @MethodSource("events")
    void aLineTellsTheWholeEvent(Event event) {
        assertThat(event.line()).doesNotContain("\n");
        assertThat(Event.of(event.line())).contains(event);
    }

    @ParameterizedTest
    @MethodSource("events")
    void whatADriverPrintedBeforeDoesNotMatter(Event event) {
        assertThat(Event.of("Compiling kernels ... " + event.line())).contains(event);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "DELTALLM done", "begun KRN-02"})
    void otherLinesTellNothing(String line) {
        assertThat(Event.of(line)).isEmpty();
    }
}
