package io.github.deltallm.conformance.tests.run;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a worker tests.
 *
 * @param backend name of the backend
 * @param device of the backend; empty for its default
 * @param specs specifications of one attention; none to test the backend itself
 */
record Target(String backend, Optional<String> device, List<String> specs) {
    private static final String PREFIX = "deltallm.conformance.";

    Target {
        specs = List.copyOf(specs);
    }

    /** As configuration parameters of JUnit. */
    Map<String, String> parameters() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put(PREFIX + "backend", backend);
        device.ifPresent(name -> parameters.put(PREFIX + "device", name));
        for (int i = 0; i < specs.size(); i++) {
            parameters.put(PREFIX + "spec." + i, specs.get(i));
        }
        return parameters;
    }

    /** As arguments of a process. */
    List<String> arguments() {
        return parameters().entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
    }

    /** Finds the value of a parameter. */
    interface Parameters {
        Optional<String> get(String name);
    }

    static Target of(Parameters parameters) {
        List<String> specs = new ArrayList<>();
        Optional<String> spec = parameters.get(PREFIX + "spec.0");
        while (spec.isPresent()) {
            specs.add(spec.get());
            spec = parameters.get(PREFIX + "spec." + specs.size());
        }
        return new Target(
                parameters.get(PREFIX + "backend").orElseThrow(),
                parameters.get(PREFIX + "device"),
                specs);
    }

    /** Hands a kit the target of its run. */
    static final class Resolver implements ParameterResolver {
        /** For JUnit. */
        Resolver() {}

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Target.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return Target.of(context::getConfigurationParameter);
        }
    }
}
