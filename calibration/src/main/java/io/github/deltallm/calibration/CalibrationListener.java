package io.github.deltallm.calibration;

/** Told how far a calibration is. */
@FunctionalInterface
public interface CalibrationListener {
    /** Of {@code total} tokens that the model has to read in all, {@code done} are read. */
    void progress(long done, long total);
}
