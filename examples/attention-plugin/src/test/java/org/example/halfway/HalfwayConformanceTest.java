package org.example.halfway;

import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.conformance.tests.AttentionConformance;

import java.util.List;

class HalfwayConformanceTest extends AttentionConformance {
    @Override
    protected AttentionProvider provider() {
        return new Halfway();
    }

    @Override
    protected List<String> specs() {
        return List.of("halfway", "halfway:theta=0.3,window=9", "halfway:theta=0");
    }
}
