import org.jspecify.annotations.NullMarked;

/**
 * Finds thresholds of delta attention for a model: by layer, KV head and channel, within a budget
 * for its perplexity.
 *
 * <p>Start at {@link io.github.deltallm.calibration.Calibration}.
 */
@NullMarked
module io.github.deltallm.calibration {
    requires transitive io.github.deltallm.engine;
    requires tools.jackson.core;
    requires static org.jspecify;

    exports io.github.deltallm.calibration;
}
