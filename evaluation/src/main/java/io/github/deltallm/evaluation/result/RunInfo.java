package io.github.deltallm.evaluation.result;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What ran, where and when.
 *
 * @param model the model file's name, without folders
 * @param modelSha256 its SHA-256, 64 lower-case hexadecimal digits
 * @param architecture such as {@code llama}
 * @param backend the backend's name
 * @param backendDescription its device, threads and vector width
 * @param version the program's version
 * @param commit the commit the program was built from; empty if unknown
 * @param date when the run began, ISO 8601 in UTC
 * @param options the settings that decide the results, as the command line names them, in order
 */
public record RunInfo(
        String model,
        String modelSha256,
        String architecture,
        String backend,
        String backendDescription,
        String version,
        String commit,
        String date,
        Map<String, String> options) {
    public RunInfo {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }
}
