package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class ChatCommandTest {
    @TempDir Path folder;

    private static Outcome chat(String script, String... args) {
        String[] all = new String[args.length + 5];
        all[0] = "chat";
        all[1] = "--model";
        all[2] = Outcome.embedded();
        all[3] = "--max-tokens";
        all[4] = "8";
        System.arraycopy(args, 0, all, 5, args.length);
        return Outcome.reading(script, all);
    }

    private static JsonNode read(Path file) throws IOException {
        return JsonMapper.builder().build().readTree(Files.readString(file));
    }

    @Test
    void aConversationIsAnsweredSavedAndReused() throws IOException {
        Path file = folder.resolve("talk.json");
        Outcome outcome =
                chat(
                        """
                        /system Be brief.
                        What is 1 + 1? \\
                        Answer with a number.
                        /stats
                        \"\"\"
                        Say
                        yes.
                        \"\"\"
                        /stats
                        /save %s
                        /quit
                        never read
                        """
                                .formatted(file));
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out().lines()).hasSizeGreaterThanOrEqualTo(2);
        assertThat(outcome.err())
                .contains("system: Be brief.", "of them reused", "Saved 5 messages");
        JsonNode messages = read(file);
        assertThat(messages).hasSize(5);
        assertThat(messages.at("/0/role").asString()).isEqualTo("system");
        assertThat(messages.at("/1/content").asString())
                .isEqualTo("What is 1 + 1? \nAnswer with a number.");
        assertThat(messages.at("/2/role").asString()).isEqualTo("assistant");
        assertThat(messages.at("/3/content").asString()).isEqualTo("Say\nyes.");
        assertThat(outcome.out())
                .contains(
                        messages.at("/2/content").asString(), messages.at("/4/content").asString());
        assertThat(folder.toFile().list()).containsExactly("talk.json");
    }

    @Test
    void aBlockIsAMessageWhateverItBeginsWith() throws IOException {
        Path file = folder.resolve("talk.json");
        Outcome outcome =
                chat(
                        """
                        \"\"\"
                        /etc/hosts is a file.
                        Say yes.
                        \"\"\"
                        \"\"\"/quit\"\"\"
                        /save %s
                        """
                                .formatted(file));
        assertThat(outcome.code()).isZero();
        assertThat(outcome.err()).contains("Saved 4 messages").doesNotContain("no command");
        JsonNode messages = read(file);
        assertThat(messages.at("/0/content").asString())
                .isEqualTo("/etc/hosts is a file.\nSay yes.");
        assertThat(messages.at("/2/content").asString()).isEqualTo("/quit");
    }

    @Test
    void aSavedConversationGoesOn() throws IOException {
        Path from = folder.resolve("from.json");
        Path to = folder.resolve("to.json");
        Files.writeString(
                from,
                """
                [{"role": "user", "content": "My name is Ada."},
                 {"role": "assistant", "content": "Hello \\u00c4da!"}]
                """);
        Outcome outcome = chat("/load " + from + "\n/system Be kind.\n/reset\n/save " + to + "\n");
        assertThat(outcome.err()).contains("Loaded 2 messages", "Saved 1 messages");
        assertThat(read(to).toString())
                .isEqualTo("[{\"role\":\"system\",\"content\":\"Be kind.\"}]");
        chat("/load " + from + "\n/save " + to + "\n");
        assertThat(read(to)).isEqualTo(read(from));
    }

    @Test
    void whatGoesWrongDoesNotEndTheConversation() throws IOException {
        Path bad = Files.writeString(folder.resolve("bad.json"), "[{\"role\": 1}]");
        Outcome outcome =
                chat(
                        """
                        /nope
                        /load
                        /load /no/such/file
                        /load %s
                        /save /no/such/folder/file
                        /attention nope
                        /attention dense:keys=int8
                        /stats
                        /help
                        """
                                .formatted(bad));
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err())
                .contains(
                        "there is no command /nope",
                        "/load needs the name of a file",
                        "there is no file /no/such/file",
                        "is not a saved conversation",
                        "its folder does not exist",
                        "there is no attention 'nope'",
                        "attention: dense:keys=int8, that is now dense:keys=int8,values=",
                        "There was no answer yet.",
                        "/system [TEXT]")
                .doesNotContain("\tat ");
    }

    @Test
    void aMessageThatDoesNotFitLeavesTheConversationAsItWas() throws IOException {
        Path file = folder.resolve("talk.json");
        Outcome outcome =
                chat("This is far too long. ".repeat(20) + "\n/save " + file, "--context", "50");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.err()).contains("context of 50 tokens", "/reset makes room");
        assertThat(read(file)).isEmpty();
    }

    @Test
    void aModelWithoutTemplateCannotChat() {
        Outcome outcome = Outcome.reading("Hi\n", "chat", "--model", Outcome.stories());
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("has no chat template", "deltallm generate");
    }
}
