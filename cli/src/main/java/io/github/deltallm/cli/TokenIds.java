package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.nio.file.Path;
import java.util.stream.IntStream;

/** Token ids from a file: a JSON array of whole numbers. */
final class TokenIds {
    private TokenIds() {}

    /**
     * Reads a file.
     *
     * @throws DeltaLlmException if it can't be read or holds something else
     */
    static int[] read(Path file) {
        byte[] bytes = TextSource.bytes(file);
        try (JsonParser json =
                JsonFactory.builder().build().createParser(ObjectReadContext.empty(), bytes)) {
            require(json.nextToken() == JsonToken.START_ARRAY, file, json);
            IntStream.Builder ids = IntStream.builder();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.VALUE_NUMBER_INT, file, json);
                ids.add(json.getIntValue());
            }
            require(json.nextToken() == null, file, json);
            return ids.build().toArray();
        } catch (JacksonException e) {
            throw new DeltaLlmException(
                    "the file " + file + " is not a JSON array of token ids: " + JsonPlace.of(e),
                    e);
        }
    }

    private static void require(boolean expected, Path file, JsonParser json) {
        if (!expected) {
            throw new DeltaLlmException(
                    "the file "
                            + file
                            + " is not a JSON array of token ids: line "
                            + json.currentTokenLocation().getLineNr()
                            + " has something else");
        }
    }

    /**
     * Checks that a model has these tokens.
     *
     * @throws DeltaLlmException naming the first that it has not
     */
    static int[] requireKnown(int[] ids, int vocabulary) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabulary) {
                throw new DeltaLlmException(
                        "token "
                                + ids[i]
                                + " at index "
                                + i
                                + " is not in the model's vocabulary, whose ids go from 0 to "
                                + (vocabulary - 1));
            }
        }
        return ids;
    }
}
