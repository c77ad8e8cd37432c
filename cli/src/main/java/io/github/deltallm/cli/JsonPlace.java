package io.github.deltallm.cli;

import tools.jackson.core.JacksonException;

/** Says where a file stops being JSON. */
final class JsonPlace {
    private JsonPlace() {}

    /** As an end of a sentence; what breaks a limit of the parser has no place. */
    static String of(JacksonException failure) {
        return failure.getLocation() == null
                ? "it is larger or deeper than any such file is"
                : "in line " + failure.getLocation().getLineNr() + " it is no JSON any more";
    }
}
