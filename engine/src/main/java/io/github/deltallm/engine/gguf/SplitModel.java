package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model in several files, as {@code llama-gguf-split} makes them: {@code
 * NAME-00001-of-00003.gguf} and so on, side by side. The first file has the model's metadata; each
 * has the keys {@code split.no} (from 0), {@code split.count} and {@code split.tensors.count} (of
 * all files), and its own tensors.
 */
final class SplitModel {
    private static final String NUMBER = "split.no";
    private static final String COUNT = "split.count";
    private static final String TENSORS = "split.tensors.count";
    private static final Pattern NAME =
            Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.DOTALL);

    private SplitModel() {}

    /** Opens the file and, if it is the first of several, all others. */
    static List<Part> open(Path path, Arena arena) {
        Part first = Part.open(path, 0, arena);
        GgufMetadata metadata = first.header().metadata();
        int count = metadata.intOr(COUNT, 1, 0, 99_999);
        Matcher name = NAME.matcher(String.valueOf(path.getFileName()));
        boolean named = name.matches();
        if (count <= 1) {
            if (named && Integer.parseInt(name.group(3)) > 1) {
                throw new ModelFormatException(
                        path
                                + ": the file is named as part "
                                + Integer.parseInt(name.group(2))
                                + " of "
                                + Integer.parseInt(name.group(3))
                                + ", but its metadata key "
                                + COUNT
                                + " does not say so; rename it if it is a whole model");
            }
            return List.of(first);
        }
        if (!named || Integer.parseInt(name.group(3)) != count) {
            throw metadata.fail(
                    COUNT,
                    "the model is split into "
                            + count
                            + " files, but this one is not named like NAME-00001-of-"
                            + padded(count)
                            + ".gguf, so the others can't be found;"
                            + " give the files their names back");
        }
        checkFirst(path, metadata, name.group(1), count);
        return all(path, first, name.group(1), count, arena);
    }

    private static void checkFirst(Path path, GgufMetadata metadata, String prefix, int count) {
        int number = metadata.requireInt(NUMBER, 0, count - 1);
        Path opening = path.resolveSibling(partName(prefix, 0, count));
        if (number != 0) {
            throw new InvalidOptionException(
                    path
                            + ": this is part "
                            + (number + 1)
                            + " of "
                            + count
                            + "; give the first one, "
                            + opening);
        }
        if (!opening.getFileName().equals(path.getFileName())) {
            throw metadata.fail(
                    NUMBER,
                    "it says part 1 of " + count + ", but the file's name says another part");
        }
    }

    private static List<Part> all(Path path, Part first, String prefix, int count, Arena arena) {
        int tensors = first.header().metadata().requireInt(TENSORS, 0, Integer.MAX_VALUE);
        List<Part> parts = new ArrayList<>();
        parts.add(first);
        for (int i = 1; i < count; i++) {
            Path next = path.resolveSibling(partName(prefix, i, count));
            if (!Files.exists(next)) {
                throw new ModelFormatException(
                        path
                                + ": part "
                                + (i + 1)
                                + " of "
                                + count
                                + " is missing; put "
                                + next.getFileName()
                                + " beside it");
            }
            Part part = Part.open(next, i, arena);
            GgufMetadata metadata = part.header().metadata();
            checkSame(metadata, NUMBER, i);
            checkSame(metadata, COUNT, count);
            checkSame(metadata, TENSORS, tensors);
            parts.add(part);
        }
        checkTensors(parts, tensors);
        return List.copyOf(parts);
    }

    private static void checkSame(GgufMetadata metadata, String key, int expected) {
        int told = metadata.requireInt(key, 0, Integer.MAX_VALUE);
        if (told != expected) {
            throw metadata.fail(
                    key,
                    told
                            + " contradicts the other files of the split model, which need "
                            + expected
                            + "; the files don't belong together");
        }
    }

    private static void checkTensors(List<Part> parts, int expected) {
        Set<String> names = new HashSet<>();
        for (Part part : parts) {
            for (GgufTensorInfo tensor : part.header().tensors()) {
                if (!names.add(tensor.name())) {
                    throw new ModelFormatException(
                            part.header().metadata().source()
                                    + ": tensor "
                                    + Cursor.shown(tensor.name())
                                    + " at byte "
                                    + tensor.offset()
                                    + ": another file of the model has one of this name");
                }
            }
        }
        if (names.size() != expected) {
            throw parts.getFirst()
                    .header()
                    .metadata()
                    .fail(
                            TENSORS,
                            "the files of the split model have "
                                    + names.size()
                                    + " tensors, not "
                                    + expected
                                    + "; they don't belong together");
        }
    }

    private static String partName(String prefix, int number, int count) {
        return prefix + "-" + padded(number + 1) + "-of-" + padded(count) + ".gguf";
    }

    private static String padded(int number) {
        return String.format(Locale.ROOT, "%05d", number);
    }
}
