package io.github.deltallm.engine.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the tokens that stand for themselves in a text before anything else is tokenized.
 *
 * <p>Longer tokens win wherever they are, then earlier ones. All occurrences of all tokens are
 * found in one pass over a trie of UTF-16 units, so that the number of tokens does not matter.
 */
final class SpecialTokens {
    /** A token's place in a text, with white space that it swallows on its right. */
    record Match(int from, int to, int id) {}

    private static final Set<String> PHI3_UNSTRIPPED = Set.of("<unk>", "<s>", "<|endoftext|>");

    /** From a node and a unit to the next node; the root is 0. */
    private final PairTable children = new PairTable(1024);

    /** By node: the number of the token that ends there, or -1. */
    private int[] numbers = {-1};

    /** By number, longest token first. */
    private final int[] ids;

    private final int[] lengths;
    private final boolean[] control;
    private final boolean[] strips;
    private int nodes = 1;

    private SpecialTokens(Vocabulary vocabulary, List<Integer> sorted, boolean phi3) {
        int count = sorted.size();
        ids = new int[count];
        lengths = new int[count];
        control = new boolean[count];
        strips = new boolean[count];
        for (int number = 0; number < count; number++) {
            int id = sorted.get(number);
            String text = vocabulary.text(id);
            ids[number] = id;
            lengths[number] = text.length();
            control[number] = vocabulary.is(id, Vocabulary.CONTROL | Vocabulary.UNKNOWN);
            strips[number] = phi3 && !PHI3_UNSTRIPPED.contains(text);
            insert(text, number);
        }
    }

    /**
     * @param modelName {@code general.name}: Phi-3's tokens swallow the white space after them,
     *     which GGUF has no key for
     */
    static SpecialTokens of(Vocabulary vocabulary, String modelName) {
        List<Integer> found = new ArrayList<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.is(
                    id, Vocabulary.CONTROL | Vocabulary.USER_DEFINED | Vocabulary.UNKNOWN)) {
                found.add(id);
            }
        }
        TextTable texts = vocabulary.texts();
        found.sort(Comparator.comparingInt(id -> texts.start(id) - texts.end(id)));
        String name = modelName.toLowerCase(Locale.ROOT);
        return new SpecialTokens(
                vocabulary, found, name.contains("phi-3") || name.contains("phi3"));
    }

    private void insert(String text, int number) {
        int node = 0;
        for (int i = 0; i < text.length(); i++) {
            int child = children.get(node, text.charAt(i));
            if (child == PairTable.ABSENT) {
                child = nodes++;
                children.putIfAbsent(node, text.charAt(i), child);
                if (child == numbers.length) {
                    numbers = Arrays.copyOf(numbers, 2 * child);
                    Arrays.fill(numbers, child, 2 * child, -1);
                }
            }
            node = child;
        }
        numbers[node] = number;
    }

    /** The tokens in a text in order, none overlapping another. */
    List<Match> find(PromptText prompt) {
        if (ids.length == 0) {
            return List.of();
        }
        return select(prompt.text(), candidates(prompt));
    }

    /** Every allowed occurrence as its token's number and its place, in this order of weight. */
    private long[] candidates(PromptText prompt) {
        String text = prompt.text();
        long[] found = new long[16];
        int count = 0;
        for (int from = 0; from < text.length(); from++) {
            int trustedEnd = -1;
            int node = 0;
            for (int at = from; at < text.length(); at++) {
                node = children.get(node, text.charAt(at));
                if (node == PairTable.ABSENT) {
                    break;
                }
                int number = numbers[node];
                if (number < 0) {
                    continue;
                }
                if (control[number]) {
                    trustedEnd = trustedEnd < 0 ? prompt.trustedEnd(from) : trustedEnd;
                    if (at >= trustedEnd) {
                        continue;
                    }
                }
                if (count == found.length) {
                    found = Arrays.copyOf(found, 2 * count);
                }
                found[count++] = (long) number << 32 | from;
            }
        }
        found = Arrays.copyOf(found, count);
        Arrays.sort(found);
        return found;
    }

    private List<Match> select(String text, long[] candidates) {
        BitSet taken = new BitSet();
        List<Match> matches = new ArrayList<>();
        for (long candidate : candidates) {
            int number = (int) (candidate >>> 32);
            int from = (int) candidate;
            int to = from + lengths[number];
            if (!free(taken, from, to)) {
                continue;
            }
            while (strips[number] && to < text.length() && !taken.get(to) && blank(text, to)) {
                to++;
            }
            taken.set(from, to);
            matches.add(new Match(from, to, ids[number]));
        }
        matches.sort(Comparator.comparingInt(Match::from));
        return matches;
    }

    /** Looks no further than {@code to}, as {@code nextSetBit} would. */
    private static boolean free(BitSet taken, int from, int to) {
        for (int at = from; at < to; at++) {
            if (taken.get(at)) {
                return false;
            }
        }
        return true;
    }

    private static boolean blank(String text, int at) {
        char unit = text.charAt(at);
        return unit == ' ' || (unit >= '\t' && unit <= '\r');
    }
}
