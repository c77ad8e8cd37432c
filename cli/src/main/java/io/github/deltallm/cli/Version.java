package io.github.deltallm.cli;

import picocli.CommandLine;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** What {@code --version} prints; the build writes the version into a resource. */
final class Version implements CommandLine.IVersionProvider {
    private static final String UNBUILT = "unbuilt";

    @Override
    public String[] getVersion() throws IOException {
        return new String[] {
            "deltallm " + read(),
            "Java "
                    + Runtime.version()
                    + ", "
                    + System.getProperty("os.name")
                    + " "
                    + System.getProperty("os.arch")
        };
    }

    /** The version alone; {@code unbuilt} where the build has not told it. */
    static String text() {
        try {
            return read();
        } catch (IOException e) {
            return UNBUILT;
        }
    }

    private static String read() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        String version = properties.getProperty("version", "");
        return version.startsWith("$") || version.isEmpty() ? UNBUILT : version;
    }
}
