package io.github.deltallm.evaluation;

import io.github.deltallm.api.DeltaLlmException;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Reads the Winograd schemas as their collection is published: a {@code schema} has {@code txt1},
 * {@code pron} and {@code txt2}, answers, and the letter of the right one.
 */
final class WinogradXml {
    private WinogradXml() {}

    static boolean isXml(DataFile file) {
        return file.text().stripLeading().startsWith("<");
    }

    static List<Item> read(DataFile file) {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        // The collection names a DTD that nobody has; and no file may fetch another one.
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        List<Item> items = new ArrayList<>();
        try {
            XMLStreamReader xml = factory.createXMLStreamReader(new StringReader(file.text()));
            Schema schema = new Schema();
            StringBuilder text = new StringBuilder();
            while (xml.hasNext()) {
                switch (xml.next()) {
                    case XMLStreamConstants.START_ELEMENT -> text.setLength(0);
                    case XMLStreamConstants.CHARACTERS -> text.append(xml.getText());
                    case XMLStreamConstants.END_ELEMENT -> {
                        String words = text.toString().strip().replaceAll("\\s+", " ");
                        text.setLength(0);
                        if (xml.getLocalName().equals("schema")) {
                            String place = "the file " + file.path() + ", schema " + items.size();
                            items.add(schema.item(place, items.size()));
                            schema = new Schema();
                        } else {
                            schema.take(xml.getLocalName(), words);
                        }
                    }
                    default -> {}
                }
            }
        } catch (XMLStreamException e) {
            throw new DeltaLlmException(
                    "the file "
                            + file.path()
                            + " is no XML in line "
                            + e.getLocation().getLineNumber(),
                    e);
        }
        if (items.isEmpty()) {
            throw new DeltaLlmException("the file " + file.path() + " has no schema");
        }
        return items;
    }

    /** A schema while it is read. */
    private static final class Schema {
        private final List<String> options = new ArrayList<>();
        private String before = "";
        private String pronoun = "";
        private String after = "";
        private String right = "";
        private boolean quoted;

        void take(String name, String words) {
            switch (name) {
                case "txt1" -> before = quoted || !before.isEmpty() ? before : words;
                case "pron" -> pronoun = pronoun.isEmpty() ? words : pronoun;
                case "txt2" -> after = quoted || !after.isEmpty() ? after : words;
                case "text" -> quoted = true; // what follows quotes a part of it again
                case "answer" -> options.add(words);
                case "correctAnswer" -> right = words;
                default -> {}
            }
        }

        Item item(String place, int index) {
            int gold = right.isEmpty() ? -1 : right.toUpperCase(Locale.ROOT).charAt(0) - 'A';
            if (pronoun.isEmpty() || options.size() < 2 || gold < 0 || gold >= options.size()) {
                throw new DeltaLlmException(
                        place + " lacks its pronoun, its answers, or which one is right");
            }
            boolean space = !before.isEmpty() && !before.endsWith("\"");
            return ChoiceFormats.winograd(
                    Integer.toString(index),
                    space ? before + " " : before,
                    pronoun,
                    after,
                    options,
                    gold);
        }
    }
}
