package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.attention.delta.HybridAttention.KvEncoding;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@code prune[:theta=1.0,...]}: small channels of keys between sinks and window count as zero; the
 * control that tells how much of delta's gain is not temporal.
 */
public final class PruneAttentionProvider implements AttentionProvider {
    /** For {@link java.util.ServiceLoader}. */
    public PruneAttentionProvider() {}

    @Override
    public String name() {
        return "prune";
    }

    @Override
    public String description() {
        return "channels of keys up to theta count as zero, recent keys (window) and the first"
                + " ones (sinks) are exact: the control for delta";
    }

    @Override
    public List<String> settings() {
        return Stream.concat(Stream.of("theta"), ExactRuns.SETTINGS.stream()).toList();
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        float theta = spec.real("theta", 1, 0);
        Map<String, String> report = new LinkedHashMap<>();
        report.put("theta", Float.toString(theta));
        ExactRuns runs = ExactRuns.of(spec, "5%", report);
        Encoding keys = new Encoding.Pruned(theta, context.defaultStore());
        Encoding values = new Encoding.Exact(context.defaultStore());
        return new HybridAttention(
                new AttentionSpec(name(), report),
                runs,
                false,
                new KvEncoding(keys, values).everywhere(context.heads()));
    }
}
