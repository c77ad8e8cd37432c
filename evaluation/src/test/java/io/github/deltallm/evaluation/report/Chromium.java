package io.github.deltallm.evaluation.report;

import static org.junit.jupiter.api.Assumptions.abort;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Chromium without a window, told what to do by its DevTools protocol: messages of JSON, each
 * ended by a zero byte, on a pipe to its file descriptor 3 and from its 4.
 */
final class Chromium implements AutoCloseable {
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Process process;
    private final Path log;
    private final OutputStream to;
    private final InputStream from;
    private final List<String> complaints = new ArrayList<>();
    private final String session;
    private int last;

    private Chromium(Process process, Path log) throws IOException {
        this.process = process;
        this.log = log;
        to = process.getOutputStream();
        from = process.getInputStream();
        String target =
                call("", "Target.createTarget", Map.of("url", "about:blank"))
                        .get("targetId")
                        .asString();
        session =
                call("", "Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                        .get("sessionId")
                        .asString();
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
            call(domain + ".enable", Map.of());
        }
    }

    /**
     * Starts the one that is installed; the test is skipped where there is none.
     *
     * @param profile a folder for its files
     */
    static Chromium start(Path profile) throws IOException {
        Optional<String> program = installed();
        if (program.isEmpty()) {
            return abort(
                    "needs Chromium (Debian: chromium), and none of " + NAMES + " is on the path");
        }
        // The shell puts the pipes of this process where Chromium looks for them.
        ProcessBuilder builder =
                new ProcessBuilder(
                        "sh",
                        "-c",
                        "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >&2",
                        program.get(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--hide-scrollbars",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--remote-debugging-pipe",
                        "--user-data-dir=" + profile);
        Path log = profile.resolveSibling("chromium.log");
        builder.redirectError(log.toFile());
        Process process = builder.start();
        try {
            return new Chromium(process, log);
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static Optional<String> installed() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return NAMES.stream()
                .flatMap(name ->
                        Stream.of(path.split(File.pathSeparator)).map(dir -> Path.of(dir, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }

    /**
     * Opens a page.
     *
     * @param width of the screen, in pixels
     * @param dark whether the reader's system is
     * @param print whether it is laid out for paper
     */
    void open(Path page, int width, boolean dark, boolean print) throws IOException {
        complaints.clear();
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of(
                        "width",
                        width,
                        "height",
                        800,
                        "deviceScaleFactor",
                        1,
                        "mobile",
                        width < 600));
        call(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "media",
                        print ? "print" : "screen",
                        "features",
                        List.of(
                                Map.of(
                                        "name",
                                        "prefers-color-scheme",
                                        "value",
                                        dark ? "dark" : "light"))));
        call("Page.navigate", Map.of("url", page.toUri().toString()));
        while (!evaluate("document.readyState").asString().equals("complete")) {
            Thread.onSpinWait();
        }
    }

    /** The value of an expression in the page. */
    JsonNode evaluate(String expression) throws IOException {
        JsonNode answer =
                call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        if (answer.has("exceptionDetails")) {
            throw new IOException(expression + ": " + answer.get("exceptionDetails"));
        }
        return answer.get("result").path("value");
    }

    /** What the page said on the console, failed to load, or threw, since it was opened. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** The whole page as it looks, a PNG. */
    byte[] screenshot() throws IOException {
        JsonNode answer =
                call(
                        "Page.captureScreenshot",
                        Map.of("format", "png", "captureBeyondViewport", true));
        return Base64.getDecoder().decode(answer.get("data").asString());
    }

    private JsonNode call(String method, Map<String, ?> parameters) throws IOException {
        return call(session, method, parameters);
    }

    private JsonNode call(String target, String method, Map<String, ?> parameters)
            throws IOException {
        ObjectNode message = JSON.createObjectNode();
        message.put("id", ++last).put("method", method);
        message.set("params", JSON.valueToTree(parameters));
        if (!target.isEmpty()) {
            message.put("sessionId", target);
        }
        to.write(JSON.writeValueAsBytes(message));
        to.write(0);
        to.flush();
        while (true) {
            JsonNode answer = JSON.readTree(read());
            if (answer.path("id").asInt(0) == last) {
                if (answer.has("error")) {
                    throw new IOException(method + ": " + answer.get("error"));
                }
                return answer.get("result");
            }
            note(answer);
        }
    }

    private void note(JsonNode event) {
        switch (event.path("method").asString("")) {
            case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded" ->
                    complaints.add(event.get("params").toString());
            case "Network.requestWillBeSent" -> {
                String url = event.at("/params/request/url").asString();
                if (!url.startsWith("file:") || !url.endsWith(".html")) {
                    complaints.add("fetches " + url);
                }
            }
            default -> {}
        }
    }

    private String read() throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        for (int b = from.read(); b != 0; b = from.read()) {
            if (b < 0) {
                throw new IOException("Chromium ended: " + Files.readString(log));
            }
            message.write(b);
        }
        return message.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        try {
            call("", "Browser.close", Map.of());
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
