package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.engine.ChatMessage;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Conversations in files: a JSON array of objects with {@code role} and {@code content}. */
final class ConversationFile {
    private ConversationFile() {}

    /**
     * Writes a file; it is complete or not there at all.
     *
     * @throws DeltaLlmException if it can't be written
     */
    static void save(Path file, List<ChatMessage> messages) {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling(target.getFileName() + ".part");
        String text =
                Json.array(
                        messages,
                        (json, message) ->
                                json.put("role", message.role()).put("content", message.content()));
        try {
            Files.writeString(temporary, text + "\n");
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            discard(temporary, e);
            throw new DeltaLlmException(
                    "the conversation could not be saved to " + file + ": " + reason(e), e);
        }
    }

    private static void discard(Path temporary, IOException cause) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** The exceptions of {@link Files} say only by their types what is wrong. */
    private static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException absent -> "its folder does not exist";
            case AccessDeniedException denied -> "that is not permitted";
            default -> String.valueOf(failure.getMessage());
        };
    }

    /**
     * Reads a file.
     *
     * @throws DeltaLlmException if it can't be read or is no conversation
     */
    static List<ChatMessage> load(Path file) {
        byte[] bytes = TextSource.bytes(file);
        try (JsonParser json =
                JsonFactory.builder().build().createParser(ObjectReadContext.empty(), bytes)) {
            require(json.nextToken() == JsonToken.START_ARRAY, file, json);
            List<ChatMessage> messages = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.START_OBJECT, file, json);
                messages.add(message(json, file));
            }
            require(json.nextToken() == null, file, json);
            return messages;
        } catch (JacksonException e) {
            throw new DeltaLlmException(
                    "the file " + file + " is not a saved conversation: " + JsonPlace.of(e), e);
        }
    }

    private static ChatMessage message(JsonParser json, Path file) {
        String role = "";
        String content = null;
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = json.currentName();
            require(json.nextToken() == JsonToken.VALUE_STRING, file, json);
            if (name.equals("role")) {
                role = json.getString();
            } else if (name.equals("content")) {
                content = json.getString();
            }
        }
        require(!role.isEmpty() && content != null, file, json);
        return new ChatMessage(role, content == null ? "" : content);
    }

    private static void require(boolean expected, Path file, JsonParser json) {
        if (!expected) {
            throw new DeltaLlmException(
                    "the file "
                            + file
                            + " is not a saved conversation: an array of objects with the texts"
                            + " role and content is expected, line "
                            + json.currentTokenLocation().getLineNr()
                            + " has something else");
        }
    }
}
