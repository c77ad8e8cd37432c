package io.github.deltallm.integration;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.lang.conditions.ArchConditions.callMethodWhere;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import java.lang.module.ModuleFinder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Who may use whom, one direction: api, engine, applications; api, then backends, models and
 * attention, which never name each other. And what a library never does.
 */
final class ArchitectureRules {
    private static final Set<String> JAVA_BASE =
            ModuleFinder.ofSystem().find("java.base").orElseThrow().descriptor().packages();

    private static final DescribedPredicate<JavaClass> OURS = kind(kind -> !kind.isEmpty(), "ours");
    private static final DescribedPredicate<JavaClass> LIBRARY =
            kind(
                    Set.of(
                                    "api",
                                    "engine",
                                    "backend",
                                    "models",
                                    "attention",
                                    "calibration",
                                    "evaluation",
                                    "conformance")
                            ::contains,
                    "of a library module");
    private static final DescribedPredicate<JavaClass> PROVIDER =
            kind(Set.of("backend", "models", "attention")::contains, "of a provider's module");

    static final ArchRule API_NEEDS_JAVA_BASE_ONLY =
            classes()
                    .that(are("api"))
                    .should(
                            useOnly(
                                    "java.base, JSpecify and the api",
                                    (from, to) ->
                                            JAVA_BASE.contains(to.getPackageName())
                                                    || to.getPackageName()
                                                            .startsWith("org.jspecify")
                                                    || module(to).equals("api")));

    static final ArchRule ENGINE_KNOWS_THE_API_ONLY =
            classes()
                    .that(are("engine"))
                    .should(
                            useOnly(
                                    "the api and the engine, of ours",
                                    (from, to) ->
                                            !OURS.test(to)
                                                    || Set.of("api", "engine")
                                                            .contains(module(to))));

    static final ArchRule PROVIDERS_KNOW_THE_API_ONLY =
            classes()
                    .that(PROVIDER)
                    .should(
                            useOnly(
                                    "the api and their own module, of ours",
                                    (from, to) ->
                                            !OURS.test(to)
                                                    || module(to).equals("api")
                                                    || module(to).equals(module(from))));

    static final ArchRule CALIBRATION_KNOWS_THE_ENGINE =
            classes()
                    .that(are("calibration"))
                    .should(
                            useOnly(
                                    "the api, the engine and the calibration, of ours",
                                    (from, to) ->
                                            !OURS.test(to)
                                                    || Set.of("api", "engine", "calibration")
                                                            .contains(module(to))));

    static final ArchRule EVALUATION_KNOWS_THE_ENGINE =
            classes()
                    .that(are("evaluation"))
                    .should(
                            useOnly(
                                    "the api, the engine and the evaluation, of ours",
                                    (from, to) ->
                                            !OURS.test(to)
                                                    || Set.of("api", "engine", "evaluation")
                                                            .contains(module(to))));

    static final ArchRule CONFORMANCE_KNOWS_THE_REFERENCE =
            classes()
                    .that(are("conformance.tests"))
                    .should(
                            useOnly(
                                    "the api, the engine and the reference backend, of ours",
                                    (from, to) ->
                                            !OURS.test(to)
                                                    || Set.of(
                                                                    "api",
                                                                    "engine",
                                                                    "backend.reference",
                                                                    "conformance.tests")
                                                            .contains(module(to))));

    static final ArchRule NOBODY_USES_THE_COMMAND_LINE =
            classes()
                    .that(not(are("cli")))
                    .should(
                            useOnly(
                                    "no class of the cli",
                                    (from, to) -> !module(to).equals("cli")));

    static final ArchRule ONLY_MAIN_ENDS_THE_JVM =
            noClasses()
                    .that(not(mainOrInside()))
                    .should(callMethodWhere(calls(System.class, "exit", int.class)))
                    .orShould(callMethodWhere(calls(Runtime.class, "exit", int.class)))
                    .orShould(callMethodWhere(calls(Runtime.class, "halt", int.class)))
                    .as("only the cli's Main and the kit's Worker end the JVM, which is theirs");

    static final ArchRule LIBRARIES_DO_NOT_PRINT =
            noClasses()
                    .that(LIBRARY)
                    .should()
                    .accessField(System.class, "out")
                    .orShould()
                    .accessField(System.class, "err")
                    .orShould(callMethodWhere(calls(Throwable.class, "printStackTrace")))
                    .as("libraries do not print");

    static final ArchRule LIBRARIES_NEED_NO_LOGGING_MODULE =
            noClasses()
                    .that(LIBRARY)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("java.util.logging..", "org.slf4j..")
                    .as("libraries log through System.Logger if at all");

    static final ArchRule LIBRARIES_HAVE_NO_MUTABLE_STATICS =
            fields().that()
                    .areStatic()
                    .and()
                    .areDeclaredInClassesThat(LIBRARY)
                    .should()
                    .beFinal()
                    .as("libraries have no static field that can be set");

    /** Every rule by its name in messages. */
    static final Map<String, ArchRule> ALL =
            Map.ofEntries(
                    Map.entry("API_NEEDS_JAVA_BASE_ONLY", API_NEEDS_JAVA_BASE_ONLY),
                    Map.entry("ENGINE_KNOWS_THE_API_ONLY", ENGINE_KNOWS_THE_API_ONLY),
                    Map.entry("PROVIDERS_KNOW_THE_API_ONLY", PROVIDERS_KNOW_THE_API_ONLY),
                    Map.entry("CALIBRATION_KNOWS_THE_ENGINE", CALIBRATION_KNOWS_THE_ENGINE),
                    Map.entry("EVALUATION_KNOWS_THE_ENGINE", EVALUATION_KNOWS_THE_ENGINE),
                    Map.entry("CONFORMANCE_KNOWS_THE_REFERENCE", CONFORMANCE_KNOWS_THE_REFERENCE),
                    Map.entry("NOBODY_USES_THE_COMMAND_LINE", NOBODY_USES_THE_COMMAND_LINE),
                    Map.entry("ONLY_MAIN_ENDS_THE_JVM", ONLY_MAIN_ENDS_THE_JVM),
                    Map.entry("LIBRARIES_DO_NOT_PRINT", LIBRARIES_DO_NOT_PRINT),
                    Map.entry("LIBRARIES_NEED_NO_LOGGING_MODULE", LIBRARIES_NEED_NO_LOGGING_MODULE),
                    Map.entry(
                            "LIBRARIES_HAVE_NO_MUTABLE_STATICS",
                            LIBRARIES_HAVE_NO_MUTABLE_STATICS));

    private ArchitectureRules() {}

    /**
     * The module a class belongs to, without the common prefix, by the convention that its packages
     * are below the module's name: {@code api}, {@code backend.cpu}. Empty if it is not ours.
     */
    private static String module(JavaClass type) {
        String name = type.getPackageName();
        if (!(name + ".").startsWith(BuiltModules.PREFIX)) {
            return "";
        }
        String[] parts = name.substring(BuiltModules.PREFIX.length()).split("\\.", -1);
        boolean two = Set.of("backend", "models", "attention", "conformance").contains(parts[0]);
        return two && parts.length > 1 ? parts[0] + "." + parts[1] : parts[0];
    }

    private static DescribedPredicate<JavaClass> are(String module) {
        return describe("are of module " + module, type -> module(type).equals(module));
    }

    private static DescribedPredicate<JavaClass> kind(Predicate<String> kinds, String description) {
        return describe(description, type -> kinds.test(module(type).split("\\.", -1)[0]));
    }

    private static DescribedPredicate<JavaClass> mainOrInside() {
        return describe(
                "the cli's Main and the kit's Worker",
                type ->
                        switch (module(type)) {
                            case "cli" ->
                                    type.getSimpleName().equals("Main")
                                            || type.getName().contains(".Main$");
                            case "conformance.tests" -> type.getSimpleName().equals("Worker");
                            default -> false;
                        });
    }

    private static DescribedPredicate<JavaMethodCall> calls(
            Class<?> owner, String method, Class<?>... parameters) {
        List<String> types = Stream.of(parameters).map(Class::getName).toList();
        return describe(
                "to " + owner.getSimpleName() + "." + method,
                call ->
                        call.getTargetOwner().isAssignableTo(owner)
                                && call.getName().equals(method)
                                && call.getTarget().getRawParameterTypes().stream()
                                        .map(JavaClass::getName)
                                        .toList()
                                        .equals(types));
    }

    /** Whether one class may use another one. */
    private interface Allowed {
        boolean use(JavaClass from, JavaClass to);
    }

    private static ArchCondition<JavaClass> useOnly(String what, Allowed allowed) {
        return new ArchCondition<>("use only " + what) {
            @Override
            public void check(JavaClass from, ConditionEvents events) {
                for (Dependency use : from.getDirectDependenciesFromSelf()) {
                    JavaClass to = use.getTargetClass().getBaseComponentType();
                    if (!to.isPrimitive() && !allowed.use(from, to)) {
                        events.add(SimpleConditionEvent.violated(use, use.getDescription()));
                    }
                }
            }
        };
    }
}
