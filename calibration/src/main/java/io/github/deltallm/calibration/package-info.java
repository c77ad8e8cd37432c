/**
 * Calibration of delta attention.
 *
 * <p>A change in a channel of a key that is not transmitted leaves an error in the scores. How much
 * that costs is estimated without running the model, from the attention that the error meets: see
 * {@link io.github.deltallm.calibration.KeySensitivity}. What a layer's errors do to the model's
 * predictions is measured, one layer at a time. Thresholds then follow from equal marginal cost
 * everywhere, and their overall level from trials on the text.
 */
package io.github.deltallm.calibration;
