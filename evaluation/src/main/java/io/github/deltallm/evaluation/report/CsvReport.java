package io.github.deltallm.evaluation.report;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.evaluation.result.Evaluation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables of a report as CSV files, all but the scores, which {@link
 * io.github.deltallm.evaluation.result.EvaluationCsv} writes. Numbers have all their digits,
 * fractions are from 0 to 1, a field without a number is empty. Immutable.
 */
public final class CsvReport {
    private final Map<String, String> files = new LinkedHashMap<>();

    public CsvReport(Evaluation evaluation) {
        for (Section section : Sections.of(evaluation)) {
            for (DataTable table : section.tables()) {
                files.put(table.name() + ".csv", Csv.of(table));
            }
        }
    }

    /**
     * Writes a file for each table that has rows, in place of files of that name.
     *
     * @param folder which exists
     * @return the files written
     * @throws DeltaLlmException if that fails
     */
    public List<Path> writeTo(Path folder) {
        List<Path> written = new ArrayList<>();
        files.forEach((name, text) -> {
            Path file = folder.resolve(name);
            ReportFile.write(file, text);
            written.add(file);
        });
        return written;
    }

    /** The text of each file by its name. */
    public Map<String, String> texts() {
        return Map.copyOf(files);
    }
}
