package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.nio.file.Path;

class OpenClSettingsTest {
    private static final String CACHE = "deltallm.opencl.cache";

    private final String before = System.getProperty(CACHE, "");

    @AfterEach
    void restore() {
        if (before.isEmpty()) {
            System.clearProperty(CACHE);
        } else {
            System.setProperty(CACHE, before);
        }
    }

    @Test
    void propertyNamesTheFolderOfPrograms() {
        System.setProperty(CACHE, "some-folder");
        assertThat(OpenClSettings.ofProcess().programs()).contains(Path.of("some-folder"));
        System.setProperty(CACHE, "off");
        assertThat(OpenClSettings.ofProcess().programs()).isEmpty();
    }

    @Test
    void nameThatNoFolderCanHaveKeepsNothing() {
        System.setProperty(CACHE, "no\0folder");
        assertThat(OpenClSettings.ofProcess().programs()).isEmpty();
        assertThat(new OpenClBackendProvider().name()).isEqualTo("opencl");
    }
}
