package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code delta}: keys, and on request values, are kept as their changes (DeltaLLM, arXiv
 * 2507.19608).
 *
 * <p>A profile sets thresholds by layer, head and channel. Where the specification names neither a
 * profile nor {@code theta}, the one that comes with this module for the model is taken; {@code
 * theta} alone means one threshold for all.
 */
public final class DeltaAttentionProvider implements AttentionProvider {
    private static final List<String> EVENTS =
            Stream.of(Events.values()).map(DeltaAttentionProvider::label).toList();
    private static final float THETA = 1;
    private static final String WINDOW = "5%";
    private static final String OFF = "off";
    private static final String DEFAULT = "default";
    private static final String NONE = "none";

    private final ShippedProfiles shipped;

    /** For {@link java.util.ServiceLoader}. */
    public DeltaAttentionProvider() {
        this(ShippedProfiles.INSTALLED);
    }

    DeltaAttentionProvider(ShippedProfiles shipped) {
        this.shipped = shipped;
    }

    @Override
    public String name() {
        return "delta";
    }

    @Override
    public String description() {
        return "keys kept as their changes larger than theta (values too: larger than that many"
                + " sigma), recent keys (window) and the first ones (sinks) exact; profile: a file"
                + " of 'deltallm calibrate', default or none";
    }

    @Override
    public List<String> settings() {
        return Stream.of(
                        Stream.of("theta"),
                        ExactRuns.SETTINGS.stream(),
                        Stream.of("values", "events", "profile"))
                .flatMap(part -> part)
                .toList();
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        Optional<Profile> profile = profile(spec, context);
        float theta = spec.real("theta", profile.map(Profile::theta).orElse(THETA), 0);
        Map<String, String> report = new LinkedHashMap<>();
        report.put("theta", Float.toString(theta));
        String window = profile.flatMap(Profile::window).orElse(WINDOW);
        ExactRuns runs = ExactRuns.of(spec, window, report);
        Optional<Float> values = values(spec);
        report.put("values", values.map(String::valueOf).orElse(OFF));
        // Who allows no error means the rounding of exact rows and of events, too.
        boolean exact = theta == 0 || context.precision() == Precision.F32;
        String usual = label(exact ? Events.F32 : Events.BF16);
        String events = spec.choice("events", usual, EVENTS);
        report.put("events", events);
        report.put("profile", spec.setting("profile").orElse(profile.isEmpty() ? NONE : DEFAULT));
        DeltaEncodings encodings =
                new DeltaEncodings(
                        theta,
                        values,
                        Events.valueOf(events.toUpperCase(Locale.ROOT)),
                        exact ? Store.F32 : context.defaultStore());
        return new HybridAttention(
                new AttentionSpec(name(), report),
                runs,
                false,
                profile.map(found -> found.each(encodings::calibrated))
                        .orElseGet(() -> encodings.plain().everywhere(context.heads())));
    }

    private Optional<Profile> profile(AttentionSpec spec, Context context) {
        Optional<String> wanted = spec.setting("profile");
        if (wanted.isEmpty() && spec.setting("theta").isPresent()) {
            return Optional.empty();
        }
        Optional<Profile> profile =
                wanted.isEmpty() ? shipped.of(context.model()) : named(wanted.get(), spec, context);
        return profile.map(found -> found.requireMadeFor(context.model(), context.heads()));
    }

    private Optional<Profile> named(String wanted, AttentionSpec spec, Context context) {
        return switch (wanted) {
            case NONE -> Optional.empty();
            case DEFAULT -> Optional.of(requireShipped(context));
            default -> Optional.of(Profile.read(path(spec, wanted)));
        };
    }

    private Profile requireShipped(Context context) {
        return shipped.of(context.model())
                .orElseThrow(() ->
                        new InvalidOptionException(
                                "no profile for this model comes with delta attention; run"
                                        + " 'deltallm calibrate' to make one and name its"
                                        + " file (profile=FILE), or leave profile=default"
                                        + " out"));
    }

    private static Path path(AttentionSpec spec, String text) {
        try {
            if (!text.isEmpty()) {
                return Path.of(text);
            }
        } catch (InvalidPathException e) {
            // told below, with what is right
        }
        throw spec.wrong("profile", text, "a file's path, default or none");
    }

    private static Optional<Float> values(AttentionSpec spec) {
        String text = spec.setting("values").orElse(OFF);
        if (text.equals(OFF)) {
            return Optional.empty();
        }
        try {
            float sigmas = Float.parseFloat(text);
            if (sigmas >= 0 && Float.isFinite(sigmas)) {
                return Optional.of(sigmas);
            }
        } catch (NumberFormatException e) {
            // told below, with what is right
        }
        throw spec.wrong("values", text, "off or a number of at least 0, in multiples of sigma");
    }

    private static String label(Events events) {
        return events.name().toLowerCase(Locale.ROOT);
    }
}
