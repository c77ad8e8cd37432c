package io.github.deltallm.cli;

import io.github.deltallm.engine.ChatMessage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The messages so far; a system message, if there is one, comes first. */
final class Conversation {
    private static final String SYSTEM = "system";

    private List<ChatMessage> messages = new ArrayList<>();

    /** All messages; a copy. */
    List<ChatMessage> messages() {
        return List.copyOf(messages);
    }

    /** The messages with one more at the end, which does not become part of the conversation. */
    List<ChatMessage> with(ChatMessage next) {
        List<ChatMessage> longer = new ArrayList<>(messages);
        longer.add(next);
        return longer;
    }

    void add(ChatMessage message) {
        messages.add(message);
    }

    Optional<String> system() {
        return messages.isEmpty() || !messages.getFirst().role().equals(SYSTEM)
                ? Optional.empty()
                : Optional.of(messages.getFirst().content());
    }

    /** Sets or replaces the system message. */
    void system(String text) {
        if (system().isPresent()) {
            messages.removeFirst();
        }
        messages.addFirst(ChatMessage.system(text));
    }

    /** Forgets everything but the system message. */
    void reset() {
        Optional<String> system = system();
        messages.clear();
        system.ifPresent(this::system);
    }

    void replace(List<ChatMessage> others) {
        messages = new ArrayList<>(others);
    }
}
