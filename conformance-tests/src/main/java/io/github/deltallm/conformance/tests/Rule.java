package io.github.deltallm.conformance.tests;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DisplayName;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A numbered rule of a kit, as the display name of its test says it.
 *
 * @param number the group and a number in it, such as {@code KRN-02}
 * @param requirement who has to keep it
 * @param condition what it depends on: the capability to declare, or the part that is required;
 *     empty if it depends on nothing, or on whether the backend accepts what is asked
 * @param demand what it demands, in one sentence
 * @param reason why it is untested; empty unless it is
 */
public record Rule(
        String number,
        Requirement requirement,
        Optional<String> condition,
        String demand,
        Optional<String> reason) {
    private static final Pattern NAME =
            Pattern.compile(
                    "([A-Z]{3}-\\d\\d) (required|optional|untested)(?: \\(([a-z-]+)\\)| for"
                            + " ([^:]+))?: (.+)");
    private static final List<String> GROUPS =
            List.of("KRN", "ATT", "DLT", "KVC", "CNT", "MDL", "ERR", "CON", "STR");

    /** Whether a rule has to be kept. */
    public enum Requirement {
        /** By all. */
        REQUIRED,
        /** By those that declare the capability, or accept what the rule asks for. */
        OPTIONAL,
        /** By all, but no test can tell. */
        UNTESTED
    }

    /** The rules for backends, in the order of their groups and numbers. */
    public static List<Rule> ofBackends() {
        List<Rule> rules = new ArrayList<>();
        for (Class<?> group : BackendConformance.class.getClasses()) {
            for (Class<?> type = group; type != null; type = type.getSuperclass()) {
                addAll(type, rules);
            }
        }
        return sorted(rules);
    }

    /** The rules for attention strategies, in the order of their numbers. */
    public static List<Rule> ofAttention() {
        List<Rule> rules = new ArrayList<>();
        addAll(AttentionConformance.class, rules);
        return sorted(rules);
    }

    private static void addAll(Class<?> type, List<Rule> rules) {
        for (Method method : type.getDeclaredMethods()) {
            DisplayName name = method.getAnnotation(DisplayName.class);
            if (name != null) {
                Optional<String> disabled =
                        Optional.ofNullable(method.getAnnotation(Disabled.class))
                                .map(Disabled::value);
                rules.add(
                        parse(name.value(), disabled)
                                .orElseThrow(() ->
                                        new IllegalStateException(
                                                method + " is no rule: " + name.value())));
            }
        }
    }

    private static List<Rule> sorted(List<Rule> rules) {
        return rules.stream()
                .sorted(
                        Comparator.comparingInt((Rule rule) -> GROUPS.indexOf(rule.group()))
                                .thenComparing(Rule::number))
                .toList();
    }

    /** Reads a display name; empty if it is none of a rule. */
    static Optional<Rule> parse(String displayName, Optional<String> disabled) {
        Matcher name = NAME.matcher(displayName);
        if (!name.matches()) {
            return Optional.empty();
        }
        String condition = name.group(3) == null ? name.group(4) : name.group(3);
        Requirement requirement =
                switch (name.group(2)) {
                    case "required" -> Requirement.REQUIRED;
                    case "optional" -> Requirement.OPTIONAL;
                    default -> Requirement.UNTESTED;
                };
        return Optional.of(
                new Rule(
                        name.group(1),
                        requirement,
                        Optional.ofNullable(condition),
                        name.group(5),
                        disabled.map(reason -> reason.replaceFirst("^untested: ", ""))));
    }

    /** The group, such as {@code KRN}. */
    public String group() {
        return number.substring(0, 3);
    }

    /** The requirement with its condition, as the rule's test says it. */
    public String status() {
        return switch (requirement) {
            case REQUIRED -> condition.map(part -> "required for " + part).orElse("required");
            case OPTIONAL -> condition.map(name -> "optional (" + name + ")").orElse("optional");
            case UNTESTED -> "untested";
        };
    }
}
