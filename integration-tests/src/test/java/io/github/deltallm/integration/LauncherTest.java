package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The launcher in a checkout of its own, with JDKs and a Maven that are small scripts: a JDK's
 * {@code java} prints the folder it lies in and what it was told, one argument a line.
 */
class LauncherTest {

    /** What the launcher may use of the system. Neither java nor mvn: tests say which there are. */
    private static final String TOOLS =
            "bash cat dirname find grep head ln mkdir mv readlink rm sed sleep tail touch";

    private static final String NO_JDK =
            "deltallm: No JDK 25 or later was found: install one (Eclipse Temurin 25, for example)"
                    + " and set JAVA_HOME to it.\n";

    @TempDir Path temp;

    private Path root;
    private Path bin;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void checkout() throws IOException {
        assumeFalse(
                System.getProperty("os.name").startsWith("Windows"),
                "the launcher is a bash script");
        temp = temp.toRealPath();
        root = Files.createDirectories(temp.resolve("a checkout"));
        Files.copy(SharedData.repositoryRoot().resolve("deltallm"), root.resolve("deltallm"));
        executable(root.resolve("deltallm"));
        Files.createFile(root.resolve("pom.xml"));
        Files.createDirectories(root.resolve("cli/src/main/java"));
        Files.createFile(root.resolve("cli/pom.xml"));
        bin = Files.createDirectory(temp.resolve("bin"));
        for (String tool : TOOLS.split(" ", -1)) {
            // Not a link: JUnit warns of each that leads out of the temporary folder.
            Files.writeString(bin.resolve(tool), "#!/bin/sh\nexec " + onPath(tool) + " \"$@\"\n");
            executable(bin.resolve(tool));
        }
        environment.put("PATH", bin.toString());
        environment.put("HOME", temp.toString());
        environment.put("DELTALLM_JDKS", "");
        environment.put("DELTALLM_DIST", temp.resolve("dist").toString());
    }

    @Test
    void prefersJavaHome() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "25.0.3").toString());
        environment.put("DELTALLM_JDKS", jdk("usual", "26").toString());
        onPath(jdk("path", "27"));

        assertThat(launch().javaHome()).isEqualTo("told");
    }

    @Test
    void passesOverAnOlderJavaHome() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "17.0.15").toString());
        onPath(jdk("path", "25"));

        assertThat(launch().javaHome()).isEqualTo("path");
    }

    @Test
    void passesOverAJavaHomeThatIsNotThere() throws Exception {
        environment.put("JAVA_HOME", temp.resolve("none").toString());
        onPath(jdk("path", "25-ea"));

        assertThat(launch().javaHome()).isEqualTo("path");
    }

    @Test
    void looksInTheUsualPlacesAfterThePath() throws Exception {
        environment.put("JAVA_HOME", jdk("eight", "1.8.0_452").toString());
        onPath(jdk("path", "21.0.7"));
        environment.put(
                "DELTALLM_JDKS", jdk("old", "24.0.2") + ":" + jdk("with a space", "25.0.3"));

        assertThat(launch().javaHome()).isEqualTo("with a space");
    }

    @Test
    void asksJavaForItsVersionWhereNoFileTellsIt() throws Exception {
        Path old = jdk("told", "17.0.15");
        Files.delete(old.resolve("release"));
        environment.put("JAVA_HOME", old.toString());
        Path recent = jdk("usual", "25.0.3");
        Files.delete(recent.resolve("release"));
        environment.put("DELTALLM_JDKS", recent.toString());

        assertThat(launch().javaHome()).isEqualTo("usual");
    }

    @Test
    void saysInOneSentenceThatThereIsNoJdk() throws Exception {
        Path old = jdk("told", "17.0.15");
        Files.delete(old.resolve("release"));
        environment.put("JAVA_HOME", old.toString());
        onPath(jdk("path", "24.0.2"));

        assertThat(launch()).isEqualTo(new Outcome(1, "", NO_JDK));
    }

    @Test
    void saysTheSameWithNoJavaAtAll() throws Exception {
        assertThat(launch()).isEqualTo(new Outcome(1, "", NO_JDK));
    }

    @Test
    void handsArgumentsOnAsTheyAre() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "25").toString());
        String[] arguments = {"generate", "two  words", "", "$HOME *", "--top-k", "a\"b'c"};

        List<String> told = launch(arguments).lines();

        assertThat(told.subList(told.size() - arguments.length, told.size()))
                .containsExactly(arguments);
    }

    /** Flags that a user gives come later, and count. */
    @Test
    void letsJavaHoldAsMuchOutsideOfItsHeapAsThereIs() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/meminfo")), "no Linux");
        environment.put("JAVA_HOME", jdk("told", "25").toString());
        environment.put("DELTALLM_JAVA_OPTIONS", "-XX:MaxDirectMemorySize=1g");

        List<String> limits =
                launch().lines().stream()
                        .filter(flag -> flag.startsWith("-XX:MaxDirectMemorySize="))
                        .toList();

        assertThat(limits).hasSize(2).last().isEqualTo("-XX:MaxDirectMemorySize=1g");
        assertThat(limits.getFirst()).matches(".*=[1-9]\\d*k");
    }

    @Test
    void putsPluginsOnTheModulePathAndFlagsBeforeIt() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "25").toString());
        environment.put("DELTALLM_PLUGINS", "/my plugins:/one.jar");
        environment.put("DELTALLM_JAVA_OPTIONS", "-Xmx3g -Dx=y");

        assertThat(launch().lines())
                .containsSubsequence(
                        "-Xmx3g",
                        "-Dx=y",
                        "--module-path",
                        temp.resolve("dist/lib") + ":/my plugins:/one.jar",
                        "--module",
                        "io.github.deltallm.cli/io.github.deltallm.cli.Main");
    }

    @Test
    void saysHowToGetTornadoVmWhereThereIsNone() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "25").toString());

        Outcome outcome = launch("generate", "--backend", "tornado", "Hi");

        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.error()).contains("set TORNADOVM_HOME").contains("README.md");
    }

    @Test
    void startsJavaForTornadoVmAsItsSdkSays() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "25").toString());
        Path sdk = Files.createDirectory(temp.resolve("sdk"));
        Files.createFile(sdk.resolve("tornado-argfile"));
        environment.put("TORNADOVM_HOME", sdk.toString());

        List<String> told = launch("generate", "--backend=tornado", "Hi").lines();

        assertThat(told)
                .contains("@" + sdk + "/tornado-argfile", "-Dtornado.recover.bailout=False")
                .doesNotContain("-XX:+UseSerialGC");
        if (Files.isReadable(Path.of("/proc/meminfo"))) {
            assertThat(told).anyMatch(flag -> flag.matches("-XX:MaxDirectMemorySize=\\d+k"));
        }
    }

    @Test
    void findsItsCheckoutThroughLinks() throws Exception {
        environment.put("JAVA_HOME", jdk("told", "25").toString());
        Path first = Files.createDirectory(temp.resolve("some where")).resolve("link");
        Files.createSymbolicLink(first, Path.of("../a checkout/deltallm"));
        Path second = Files.createSymbolicLink(temp.resolve("deltallm"), first);

        assertThat(run(List.of(second.toString())).lines()).contains("-Ddeltallm.home=" + root);
    }

    @Test
    void buildsOnFirstUseAndWhenSourcesAreNewer() throws Exception {
        buildsHere();
        maven("mkdir -p cli/target/launcher/dist/lib; touch " + CLI_JAR);

        Outcome first = launch();
        Outcome second = launch();
        Path source = Files.createFile(root.resolve("cli/src/main/java/Main.java"));
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
        Outcome third = launch();

        assertThat(first.error()).startsWith("deltallm: building on first use");
        assertThat(first.javaHome()).isEqualTo("told");
        assertThat(second.error()).isEmpty();
        assertThat(second.javaHome()).isEqualTo("told");
        assertThat(third.error()).startsWith("deltallm: sources have changed: building again");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsOnceForTwoThatStartTogether() throws Exception {
        buildsHere();
        maven("sleep 1; mkdir -p cli/target/launcher/dist/lib; touch " + CLI_JAR);
        List<Launch> both = List.of(start(launcher()), start(launcher()));

        for (Launch launch : both) {
            assertThat(launch.end().javaHome()).isEqualTo("told");
        }
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void takesTheLockOfAProcessThatIsGone() throws Exception {
        buildsHere();
        maven("mkdir -p cli/target/launcher/dist/lib; touch " + CLI_JAR);
        Process gone = new ProcessBuilder(bin.resolve("bash").toString(), "-c", "exit").start();
        gone.waitFor();
        Files.createDirectories(root.resolve("target/launcher"));
        Files.createSymbolicLink(
                root.resolve("target/launcher/lock"), Path.of(Long.toString(gone.pid())));

        assertThat(launch().javaHome()).isEqualTo("told");
    }

    @Test
    void givesUpWhereNoLockCanBeMade() throws Exception {
        buildsHere();
        maven("exit 1");
        Files.createDirectories(root.resolve("target/launcher"));
        Files.writeString(root.resolve("target/launcher/lock"), "not a link");

        Outcome outcome = launch();

        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.error()).contains("no lock can be made").hasLineCount(1);
    }

    @Test
    void saysWhyABuildFailed() throws Exception {
        buildsHere();
        maven("echo '[INFO] Trying'; echo '[ERROR] Main.java:[3,1] wrong'; exit 1");

        Outcome outcome = launch();

        assertThat(outcome.exit()).isEqualTo(1);
        assertThat(outcome.output()).isEmpty();
        assertThat(outcome.error())
                .contains("[ERROR] Main.java:[3,1] wrong\n")
                .doesNotContain("Trying")
                .endsWith(
                        "deltallm: The build failed; its whole output is in "
                                + root.resolve("target/launcher/build.log")
                                + ".\n");
        assertThat(root.resolve("target/launcher/build.log")).content().contains("Trying");
        assertThat(root.resolve("target/launcher/lock")).doesNotExist();
    }

    @Test
    void saysThatItTakesMavenToBuild() throws Exception {
        buildsHere();

        assertThat(launch())
                .isEqualTo(
                        new Outcome(
                                1,
                                "",
                                "deltallm: It has to be built first, which takes Maven: install"
                                        + " Maven 3.8 or later, with mvn on the PATH.\n"));
    }

    @Test
    void saysThatItTakesACompilerToBuild() throws Exception {
        buildsHere();
        maven("exit 1");
        Files.delete(temp.resolve("told/bin/javac"));

        assertThat(launch())
                .isEqualTo(
                        new Outcome(
                                1,
                                "",
                                "deltallm: It has to be built first, which takes a JDK 25 or later"
                                        + " with its compiler (javac), not only a runtime.\n"));
    }

    private static final String CLI_JAR =
            "cli/target/launcher/dist/lib/deltallm-cli-0.1.0-SNAPSHOT.jar";

    /** What a run printed and how it ended. */
    private record Outcome(int exit, String output, String error) {

        List<String> lines() {
            assertThat(exit).as(error).isZero();
            return output.lines().toList();
        }

        /** The name of the folder whose java ran. */
        String javaHome() {
            return Path.of(lines().getFirst()).getFileName().toString();
        }
    }

    private Outcome launch(String... arguments) throws Exception {
        return run(launcher(arguments));
    }

    private List<String> launcher(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(root.resolve("deltallm").toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private Outcome run(List<String> command) throws Exception {
        return start(command).end();
    }

    private Launch start(List<String> command) throws IOException {
        Path output = Files.createTempFile(temp, "output", "");
        Path error = Files.createTempFile(temp, "error", "");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .directory(temp.toFile())
                        .redirectOutput(output.toFile())
                        .redirectError(error.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        return new Launch(builder.start(), output, error);
    }

    private record Launch(Process process, Path output, Path error) {

        Outcome end() throws Exception {
            try {
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended in time").isTrue();
                return new Outcome(
                        process.exitValue(), Files.readString(output), Files.readString(error));
            } finally {
                process.destroyForcibly();
            }
        }
    }

    /** A JDK whose java tells where it is and what it was given. */
    private Path jdk(String name, String version) throws IOException {
        Path home = temp.resolve(name);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(
                home.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
        script(
                home.resolve("bin/java"),
                """
                if [ "$1" = -version ]; then
                  echo 'openjdk version "%s" 2026-04-21' >&2
                  exit
                fi
                printf '%%s\\n' '%s' "$@"
                """
                        .formatted(version, home));
        script(home.resolve("bin/javac"), "");
        return home;
    }

    /** Puts a JDK's java on the PATH, as a system does: by a link. */
    private void onPath(Path home) throws IOException {
        Files.createSymbolicLink(bin.resolve("java"), home.resolve("bin/java"));
    }

    /** Lets the launcher build, with a JDK in the folder "told". */
    private void buildsHere() throws IOException {
        environment.remove("DELTALLM_DIST");
        environment.put("JAVA_HOME", jdk("told", "25").toString());
    }

    private void maven(String body) throws IOException {
        script(bin.resolve("mvn"), "echo built >> '" + temp.resolve("builds") + "'\n" + body);
    }

    private int builds() throws IOException {
        return Files.readAllLines(temp.resolve("builds")).size();
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/usr/bin/env bash\n" + body + "\n");
        executable(file);
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path onPath(String tool) {
        for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
            Path candidate = Path.of(folder, tool);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException("There is no " + tool + " on the PATH.");
    }
}
