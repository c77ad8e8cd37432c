package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * Saved sessions: backend-neutral, checked by length and checksum.
 *
 * <p>Layout, big-endian: {@code "DLLMKV02"}, the model's identity as text, the specifications of
 * the attention that ran and of the one that was asked for as texts, the number of tokens declared,
 * the tokens, then for every layer and KV head the keys' and the values' {@link KvStream}, and a
 * CRC-32 of everything before it. Floats are written as their bits, so a restored session continues
 * bit for bit.
 */
final class SessionFile {
    private static final long MAGIC = 0x444c_4c4d_4b56_3032L;

    private SessionFile() {}

    static void write(Path file, Model model, SessionCache cache, int[] tokens) {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling(target.getFileName() + ".part");
        try {
            try (CheckedOutputStream checked =
                            new CheckedOutputStream(Files.newOutputStream(temporary), new CRC32());
                    DataOutputStream out =
                            new DataOutputStream(new BufferedOutputStream(checked, 1 << 16))) {
                writeBody(out, model, cache, tokens);
                out.flush();
                out.writeLong(checked.getChecksum().getValue());
            }
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            discard(temporary, e);
            throw new DeltaLlmException(
                    "the session could not be saved to " + file + ": " + e.getMessage(), e);
        }
    }

    private static void discard(Path temporary, IOException cause) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private static void writeBody(
            DataOutputStream out, Model model, SessionCache held, int[] tokens) throws IOException {
        KvCache cache = held.current();
        out.writeLong(MAGIC);
        writeText(out, identity(model));
        writeText(out, held.running().toString());
        writeText(out, held.requested().toString());
        out.writeInt(cache.request().tokens());
        writeInts(out, tokens);
        HeadShape heads = model.heads();
        for (int layer = 0; layer < heads.layers(); layer++) {
            for (int head = 0; head < heads.kvHeads(); head++) {
                for (KvStream.Kind kind : KvStream.Kind.values()) {
                    writeStream(out, cache.export(layer, head, kind));
                }
            }
        }
    }

    private static void writeStream(DataOutputStream out, KvStream stream) throws IOException {
        out.writeInt(stream.length());
        out.writeInt(stream.exact().size());
        for (KvStream.Rows rows : stream.exact()) {
            out.writeInt(rows.from());
            writeFloats(out, rows.values());
        }
        KvStream.DeltaRows delta = stream.delta();
        out.writeInt(delta.count());
        out.writeInt(delta.changed().length);
        for (long word : delta.changed()) {
            out.writeLong(word);
        }
        writeFloats(out, delta.events());
        writeFloats(out, delta.steps());
        out.writeFloat(delta.sigma());
    }

    static Session read(Path file, Model model, Optional<AttentionSpec> wanted) {
        try (CheckedInputStream checked =
                        new CheckedInputStream(
                                new BufferedInputStream(Files.newInputStream(file), 1 << 16),
                                new CRC32());
                DataInputStream in = new DataInputStream(checked)) {
            return new Reader(file, in, checked, Files.size(file)).session(model, wanted);
        } catch (IOException e) {
            throw new ModelFormatException(
                    "the saved session " + file + " is truncated or can't be read: " + e, e);
        }
    }

    /** What must be the same for a saved session to fit. */
    private static String identity(Model model) {
        return "sha256:" + model.file().sha256();
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static void writeInts(DataOutputStream out, int[] values) throws IOException {
        out.writeInt(values.length);
        for (int value : values) {
            out.writeInt(value);
        }
    }

    private static void writeFloats(DataOutputStream out, float[] values) throws IOException {
        out.writeInt(values.length);
        for (float value : values) {
            out.writeInt(Float.floatToRawIntBits(value));
        }
    }

    /** Reads with every count checked against the bytes that are left. */
    private static final class Reader {
        private final Path file;
        private final DataInputStream in;
        private final CheckedInputStream checked;
        private final long size;

        Reader(Path file, DataInputStream in, CheckedInputStream checked, long size) {
            this.file = file;
            this.in = in;
            this.checked = checked;
            this.size = size;
        }

        Session session(Model model, Optional<AttentionSpec> wanted) throws IOException {
            if (in.readLong() != MAGIC) {
                throw damaged("does not begin as a saved session does");
            }
            String identity = text();
            if (!identity.equals(identity(model))) {
                throw damaged(
                        "belongs to another model (" + identity + ", not " + identity(model) + ")");
            }
            AttentionSpec ran = AttentionSpec.parse(text());
            AttentionSpec requested = AttentionSpec.parse(text());
            int declared = in.readInt();
            int[] tokens = ints();
            List<KvStream> streams = streams(model.heads(), tokens.length);
            long sum = checked.getChecksum().getValue();
            if (in.readLong() != sum || in.read() != -1) {
                throw damaged("has a wrong checksum");
            }
            for (int token : tokens) {
                if (token < 0 || token >= model.vocabulary()) {
                    throw damaged("has the token " + token + ", which the model has not");
                }
            }
            if (declared < 0) {
                throw damaged("was declared " + declared + " tokens long");
            }
            if (Math.max(declared, tokens.length) > model.context()) {
                throw new InvalidOptionException(
                        "the saved session "
                                + file
                                + " has "
                                + tokens.length
                                + " tokens, more than the context of "
                                + model.context());
            }
            int kvHeads = model.heads().kvHeads();
            SessionCache cache =
                    model.restore(
                            wanted.orElse(AutoAttention.isAskedFor(requested) ? requested : ran),
                            ran,
                            declared,
                            (layer, head, kind) ->
                                    streams.get(
                                            2 * (layer * kvHeads + head)
                                                    + (kind == KvStream.Kind.KEYS ? 0 : 1)));
            return new Session(model, cache, tokens);
        }

        private List<KvStream> streams(HeadShape heads, int length) throws IOException {
            List<KvStream> streams = new ArrayList<>();
            for (int i = 0; i < heads.layers() * heads.kvHeads() * 2; i++) {
                KvStream stream = stream(heads.headDim());
                if (stream.length() != length) {
                    throw damaged("has heads of different lengths");
                }
                streams.add(stream);
            }
            return streams;
        }

        private KvStream stream(int headDim) throws IOException {
            int length = in.readInt();
            int runs = count(8);
            List<KvStream.Rows> exact = new ArrayList<>();
            int end = 0;
            for (int i = 0; i < runs; i++) {
                KvStream.Rows rows = new KvStream.Rows(in.readInt(), floats());
                int count = rows.values().length / headDim;
                if (rows.values().length % headDim != 0
                        || rows.from() < end
                        || count > length - rows.from()) {
                    throw damaged("has exact rows that do not fit");
                }
                end = rows.from() + count;
                exact.add(rows);
            }
            return new KvStream(length, exact, delta(headDim, length));
        }

        private KvStream.DeltaRows delta(int headDim, int length) throws IOException {
            int count = in.readInt();
            long[] changed = new long[count(8)];
            for (int i = 0; i < changed.length; i++) {
                changed[i] = in.readLong();
            }
            float[] events = floats();
            float[] steps = floats();
            float sigma = in.readFloat();
            long bits = Arrays.stream(changed).map(Long::bitCount).sum();
            if (count == 0 && bits == 0 && events.length == 0) {
                return KvStream.DeltaRows.NONE;
            }
            boolean fits =
                    count > 0
                            && count <= length
                            && (steps.length == 0 || steps.length == headDim)
                            && changed.length == ((long) count * headDim + 63) / 64
                            && bits == events.length;
            if (!fits) {
                throw damaged("has a delta stream that does not fit");
            }
            return new KvStream.DeltaRows(count, changed, events, steps, sigma);
        }

        private String text() throws IOException {
            byte[] bytes = new byte[count(1)];
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private int[] ints() throws IOException {
            int[] values = new int[count(4)];
            for (int i = 0; i < values.length; i++) {
                values[i] = in.readInt();
            }
            return values;
        }

        private float[] floats() throws IOException {
            float[] values = new float[count(4)];
            for (int i = 0; i < values.length; i++) {
                values[i] = Float.intBitsToFloat(in.readInt());
            }
            return values;
        }

        private int count(int bytesEach) throws IOException {
            int count = in.readInt();
            if (count < 0 || (long) count * bytesEach > size) {
                throw damaged("claims " + count + " entries that it can't hold");
            }
            return count;
        }

        private ModelFormatException damaged(String how) {
            return new ModelFormatException("the saved session " + file + " " + how);
        }
    }
}
