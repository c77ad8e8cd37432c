package io.github.deltallm.cli;

import io.github.deltallm.engine.gguf.GgufTensorInfo;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Collectors;

/** An inspection for people. */
record InspectionText(Inspection inspection) {
    void print(PrintWriter out, boolean tensors) {
        summary().print(out);
        out.println();
        types().print(out);
        out.println();
        metadata().print(out);
        if (tensors) {
            out.println();
            tensors().print(out);
        }
    }

    private Table summary() {
        Table table = new Table("file", inspection.file().name());
        table.row("size", size())
                .row("name", inspection.name().orElse("none"))
                .row(
                        "architecture",
                        inspection.architecture().isEmpty() ? "none" : inspection.architecture())
                .row(
                        "parameters",
                        String.format(
                                Locale.ROOT,
                                "%,d in %d tensors, %s",
                                inspection.parameters(),
                                inspection.tensors().size(),
                                Units.bytes(inspection.tensorBytes())));
        inspection.shapes().forEach((name, size) -> table.row(name.replace('_', ' '), size));
        Inspection.Vocabulary vocabulary = inspection.vocabulary();
        return table.row("tokenizer", tokenizer(vocabulary))
                .row("vocabulary", vocabulary.size())
                .row("special ids", special(vocabulary))
                .row("chat template", vocabulary.template() ? "yes" : "none");
    }

    private String size() {
        int parts = inspection.file().parts();
        return Units.bytes(inspection.file().size())
                + (parts == 1 ? "" : " in " + parts + " files")
                + ", GGUF version "
                + inspection.file().version();
    }

    private static String tokenizer(Inspection.Vocabulary vocabulary) {
        String name =
                vocabulary.model().orElse("none")
                        + vocabulary.pre().map(pre -> ", pre-tokenizer " + pre).orElse("");
        return name
                + vocabulary.algorithm().map(algorithm -> ": " + algorithm).orElse("")
                + vocabulary.problem().map(problem -> " (not usable: " + problem + ")").orElse("");
    }

    private static String special(Inspection.Vocabulary vocabulary) {
        String ids =
                vocabulary.special().entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", "));
        return (ids.isEmpty() ? "none" : ids)
                + (vocabulary.addBos() ? "; texts begin with bos" : "");
    }

    private Table types() {
        Table table = new Table("type", "tensors>", "bytes>");
        inspection
                .types()
                .forEach((type, share) -> table.row(type.name(), share.count(), share.bytes()));
        return table;
    }

    private Table metadata() {
        Table table = new Table("key", "value");
        inspection.file().values().forEach((key, value) -> table.row(key, value.display()));
        return table;
    }

    private Table tensors() {
        Table table = new Table("tensor", "type", "dimensions", "bytes>", "offset>");
        for (GgufTensorInfo tensor : inspection.tensors()) {
            table.row(
                    tensor.name(),
                    tensor.type().name(),
                    tensor.dimensions().stream()
                            .map(String::valueOf)
                            .collect(Collectors.joining(" x ")),
                    tensor.bytes(),
                    tensor.offset());
        }
        return table;
    }
}
