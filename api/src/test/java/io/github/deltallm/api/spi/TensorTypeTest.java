package io.github.deltallm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTypeTest {
    @ParameterizedTest
    @EnumSource
    void everyTypeIsFoundByItsNumber(TensorType type) {
        assertThat(TensorType.ofId(type.id())).contains(type);
        assertThat(type.rowBytes(3L * type.blockSize())).isEqualTo(3L * type.blockBytes());
    }

    @Test
    void unknownNumbersAreEmpty() {
        assertThat(TensorType.ofId(20)).isEmpty();
        assertThat(TensorType.ofId(-1)).isEmpty();
    }

    @Test
    void ternaryTensorsOfBitNetCarryTheirScaleBehindTheValues() {
        assertThat(TensorType.I2_S.tensorBytes(4, 128)).isEqualTo(4 * 32 + 32);
    }

    @Test
    void partsOfBlocksAndOverflowsAreRefused() {
        assertThatThrownBy(() -> TensorType.Q4_K.rowBytes(128))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TensorType.F32.tensorBytes(1L << 60, 16))
                .isInstanceOf(ArithmeticException.class);
    }
}
