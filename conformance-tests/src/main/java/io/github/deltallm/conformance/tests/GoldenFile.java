package io.github.deltallm.conformance.tests;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Vectors that numpy computed, as {@code np.savez_compressed} wrote them: a zip archive of arrays,
 * each with a header that names its type. {@code src/golden/generate.py} of this module makes them.
 */
final class GoldenFile {
    /** Inputs are whole numbers over this. */
    private static final float ONE = 4096;

    private static final int MAGIC = 8;
    private static final Pattern TYPE = Pattern.compile("'descr': '[<|]([a-z]\\d)'");

    private final String name;
    private final Map<String, Array> arrays = new HashMap<>();

    private GoldenFile(String name) {
        this.name = name;
    }

    /** An array's numpy type, such as {@code f4}, and its elements, little endian. */
    private record Array(String type, ByteBuffer data) {
        int length() {
            return data.capacity() / (type.charAt(1) - '0');
        }

        double at(int i) {
            return switch (type) {
                case "u1" -> data.get(i) & 0xFF;
                case "i2" -> data.getShort(2 * i);
                case "i4" -> data.getInt(4 * i);
                case "f4" -> data.getFloat(4 * i);
                default -> data.getDouble(8 * i);
            };
        }
    }

    /** Reads a file of the kit. */
    static GoldenFile read(String name) {
        GoldenFile file = new GoldenFile(name);
        try (InputStream in = GoldenFile.class.getResourceAsStream("golden/" + name + ".npz")) {
            if (in == null) {
                throw new IllegalStateException("the kit has no golden vectors " + name);
            }
            try (ZipInputStream zip =
                    new ZipInputStream(new ByteArrayInputStream(in.readAllBytes()))) {
                ZipEntry entry = zip.getNextEntry();
                while (entry != null) {
                    String array = entry.getName().replaceFirst("\\.npy$", "");
                    file.arrays.put(array, array(ByteBuffer.wrap(zip.readAllBytes())));
                    entry = zip.getNextEntry();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** Magic and version, the header's length in 16 bits, the header, the elements. */
    private static Array array(ByteBuffer npy) {
        npy.order(ByteOrder.LITTLE_ENDIAN);
        int header = npy.getShort(MAGIC) & 0xFFFF;
        byte[] text = new byte[header];
        npy.get(MAGIC + 2, text);
        Matcher type = TYPE.matcher(new String(text, StandardCharsets.ISO_8859_1));
        if (!type.find()) {
            throw new IllegalStateException("golden vectors of an unknown type");
        }
        int from = MAGIC + 2 + header;
        ByteBuffer data = npy.slice(from, npy.capacity() - from);
        return new Array(type.group(1), data.order(ByteOrder.LITTLE_ENDIAN));
    }

    boolean has(String array) {
        return arrays.containsKey(array);
    }

    private Array get(String array) {
        Array found = arrays.get(array);
        if (found == null) {
            throw new IllegalStateException("the golden vectors " + name + " lack " + array);
        }
        return found;
    }

    /** Real numbers; those that are stored as whole ones of 16 bits are over 4,096. */
    float[] floats(String array) {
        Array from = get(array);
        float[] values = new float[from.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) from.at(i) / (from.type().equals("i2") ? ONE : 1);
        }
        return values;
    }

    double[] doubles(String array) {
        Array from = get(array);
        double[] values = new double[from.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = from.at(i);
        }
        return values;
    }

    int[] ints(String array) {
        Array from = get(array);
        int[] values = new int[from.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (int) from.at(i);
        }
        return values;
    }

    byte[] bytes(String array) {
        byte[] bytes = new byte[get(array).data().capacity()];
        get(array).data().get(0, bytes);
        return bytes;
    }
}
