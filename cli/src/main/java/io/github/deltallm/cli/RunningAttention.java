package io.github.deltallm.cli;

import io.github.deltallm.engine.AttentionReport;

/** Which attention was asked for and which one runs, as JSON and for people. */
record RunningAttention(AttentionReport report) {
    private static final String AUTO = "auto";

    /** The fields {@code attention} and {@code attention_requested}, and a note if there is one. */
    void write(Json json) {
        json.put("attention", report.spec().toString())
                .put("attention_requested", report.requested().toString());
        report.note().ifPresent(note -> json.put("attention_note", note));
    }

    /** One line: {@code delta:... (auto; dense for the first 1500 tokens)}. */
    String line() {
        String note = report.note().map(text -> "; " + text).orElse("");
        return report.spec() + (automatic() ? " (" + AUTO + note + ")" : "");
    }

    /** Short, for a table. */
    String cell() {
        return automatic() ? AUTO + ": " + report.spec() : report.spec().toString();
    }

    private boolean automatic() {
        return report.requested().name().equals(AUTO);
    }
}
