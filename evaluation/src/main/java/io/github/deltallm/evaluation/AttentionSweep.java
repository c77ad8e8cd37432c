package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Several attentions, some of them written as ranges: {@code delta:theta=0.4..2.0/0.2} is nine.
 *
 * <p>A range goes from its first number up by its step as long as the last one is not passed; the
 * sums are decimal, so that {@code 0.4..2.0/0.2} ends with 2.0. Several ranges in one specification
 * give every combination, the last one varying fastest.
 */
public final class AttentionSweep {
    /** What attentions are compared with. */
    static final AttentionSpec DENSE = AttentionSpec.parse("dense");

    private static final String NUMBER = "(\\d{1,9}(?:\\.\\d{1,9})?)";
    private static final Pattern RANGE = Pattern.compile(NUMBER + "\\.\\." + NUMBER + "/" + NUMBER);
    private static final Pattern MEANT_AS_RANGE = Pattern.compile("[-\\d.]*\\.\\.[-\\d./]*");
    private static final int MOST = 1000;

    /**
     * Similarity of neighbouring keys is not all there is to win: what needs no neighbours is shown
     * beside it.
     */
    private static final List<String> CONTROLS =
            List.of(
                    "prune:theta=0.5",
                    "prune:theta=1.0",
                    "dense:keys=int8",
                    "dense:keys=int4",
                    "window:size=256,sinks=4");

    private AttentionSweep() {}

    /**
     * Dense attention, then the attentions as written, each once.
     *
     * @param controls whether pruning, int8 and int4 keys, and sinks with a window follow
     * @throws InvalidOptionException if one can't be read or a range is empty or endless
     */
    public static List<AttentionSpec> of(List<String> texts, boolean controls) {
        Set<AttentionSpec> all = new LinkedHashSet<>();
        all.add(DENSE);
        texts.forEach(text -> all.addAll(expand(AttentionSpec.parse(text))));
        if (controls) {
            CONTROLS.forEach(text -> all.add(AttentionSpec.parse(text)));
        }
        return List.copyOf(all);
    }

    /** All attentions that a specification with ranges stands for. */
    static List<AttentionSpec> expand(AttentionSpec spec) {
        List<Map<String, String>> combinations = new ArrayList<>();
        combinations.add(new LinkedHashMap<>());
        spec.settings()
                .forEach((key, text) -> {
                    List<Map<String, String>> longer = new ArrayList<>();
                    for (Map<String, String> begun : combinations) {
                        for (String value : values(spec, key, text)) {
                            Map<String, String> one = new LinkedHashMap<>(begun);
                            one.put(key, value);
                            longer.add(one);
                        }
                    }
                    if (longer.size() > MOST) {
                        throw new InvalidOptionException(
                                "the attention '"
                                        + spec
                                        + "' stands for more than "
                                        + MOST
                                        + " attentions; give larger steps");
                    }
                    combinations.clear();
                    combinations.addAll(longer);
                });
        return combinations.stream()
                .map(settings -> new AttentionSpec(spec.name(), settings))
                .toList();
    }

    private static List<String> values(AttentionSpec spec, String key, String text) {
        Matcher range = RANGE.matcher(text);
        if (!range.matches()) {
            if (MEANT_AS_RANGE.matcher(text).matches()) {
                throw spec.wrong(key, text, "a range FIRST..LAST/STEP, such as 0.4..2.0/0.2");
            }
            return List.of(text);
        }
        BigDecimal last = new BigDecimal(range.group(2));
        BigDecimal step = new BigDecimal(range.group(3));
        BigDecimal first = new BigDecimal(range.group(1));
        if (step.signum() == 0 || first.compareTo(last) > 0) {
            throw spec.wrong(key, text, "a range that goes up from its first number to its last");
        }
        List<String> values = new ArrayList<>();
        for (BigDecimal at = first; at.compareTo(last) <= 0; at = at.add(step)) {
            if (values.size() == MOST) {
                throw spec.wrong(key, text, "a range of at most " + MOST + " numbers");
            }
            values.add(at.toPlainString());
        }
        return values;
    }
}
