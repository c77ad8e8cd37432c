package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** What fails while it is closed keeps nothing else open and hides nothing. */
class ResourcesTest {
    private static final int OUT_OF_HOST_MEMORY = -6;

    private final List<String> closed = new ArrayList<>();
    private final Resources resources = new Resources();

    private void add(String name, boolean fails) {
        resources.add(
                name,
                () -> {
                    closed.add(name);
                    if (fails) {
                        throw new IllegalStateException(name);
                    }
                });
    }

    @Test
    void everythingIsClosedInTheOppositeOrder() {
        add("a", false);
        add("b", true);
        add("c", true);
        assertThatThrownBy(resources::close)
                .hasMessage("c")
                .satisfies(e ->
                        assertThat(e.getSuppressed())
                                .singleElement()
                                .satisfies(b -> assertThat(b).hasMessage("b")));
        assertThat(closed).containsExactly("c", "b", "a");
    }

    @Test
    void causeOfTheClosingComesFirst() {
        add("a", false);
        add("b", true);
        IllegalArgumentException cause = new IllegalArgumentException("the cause");
        resources.closeAfter(cause);
        assertThat(cause.getSuppressed())
                .singleElement()
                .satisfies(b -> assertThat(b).hasMessage("b"));
        assertThat(closed).containsExactly("b", "a");
    }

    @Test
    void bufferThatCannotBeReleasedIsNotCountedAnyMore() {
        Driver driver = new Driver();
        ClFunctions.Release release = driver.sound().release("clReleaseMemObject");
        driver.replace(
                "clReleaseMemObject",
                Driver.Release.class,
                buffer -> release.release(buffer) == 0 ? OUT_OF_HOST_MEMORY : 0);
        try (ClContext context = new ClContext(driver.device())) {
            ClBuffer buffer = context.buffer(BufferUse.TABLES, 1000, "a test");
            assertThat(context.memory().used()).isEqualTo(1000);
            assertThatThrownBy(buffer::close)
                    .isInstanceOf(ClException.class)
                    .hasMessageContaining("clReleaseMemObject");
            assertThat(context.memory().used()).isZero();
            buffer.close();
            assertThat(context.memory().used()).as("given back once").isZero();
        }
    }
}
