package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.attention.delta.HybridAttention.KvEncoding;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code window[:size=256|5%,sinks=4]}: the first keys and the latest ones, those between dropped
 * (StreamingLLM, arXiv 2309.17453).
 */
public final class WindowAttentionProvider implements AttentionProvider {
    private static final String SIZE = "256";
    private static final int SINKS = 4;

    /** For {@link java.util.ServiceLoader}. */
    public WindowAttentionProvider() {}

    @Override
    public String name() {
        return "window";
    }

    @Override
    public String description() {
        return "the first keys (sinks) and the latest ones (size: keys, or a percentage of the"
                + " prompt); those between are dropped";
    }

    @Override
    public List<String> settings() {
        return List.of("size", "sinks");
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        int sinks = spec.integer("sinks", SINKS, 0, Integer.MAX_VALUE);
        WindowSize size = WindowSize.of(spec, "size", SIZE, 1);
        Map<String, String> report = new LinkedHashMap<>();
        report.put("size", spec.setting("size").orElse(SIZE));
        report.put("sinks", Integer.toString(sinks));
        Encoding exact = new Encoding.Exact(context.defaultStore());
        return new HybridAttention(
                new AttentionSpec(name(), report),
                new ExactRuns(false, size, sinks),
                true,
                new KvEncoding(exact, exact).everywhere(context.heads()));
    }
}
