package io.github.deltallm.engine.convert;

/**
 * What a conversion did.
 *
 * @param tensors how many were encoded anew; the rest was copied as it was
 * @param rounded how many of those were not ternary before
 * @param bytes of the new file
 * @param maxError the largest difference between a weight and what became of it
 * @param scaleError the largest part of itself by which a scale was rounded to f16; 0 for I2_S,
 *     whose scale is an f32
 */
public record ConversionResult(
        int tensors, int rounded, long bytes, double maxError, double scaleError) {}
