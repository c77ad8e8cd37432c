package io.github.deltallm.engine.template;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Python's {@code datetime.strftime} in the C locale. Text of the format keeps its trust; what the
 * clock fills in has none.
 */
final class Strftime {
    private final LocalDateTime time;

    private Strftime(LocalDateTime time) {
        this.time = time;
    }

    static Text format(Text format, LocalDateTime time, Rendering rendering) {
        Strftime strftime = new Strftime(time);
        TextBuilder out = rendering.builder();
        String chars = format.chars();
        int copied = 0;
        for (int i = chars.indexOf('%');
                i >= 0 && i + 1 < chars.length();
                i = chars.indexOf('%', copied)) {
            out.append(format, copied, i);
            boolean flagged = "-_0".indexOf(chars.charAt(i + 1)) >= 0 && i + 2 < chars.length();
            char directive = chars.charAt(flagged ? i + 2 : i + 1);
            int end = flagged ? i + 3 : i + 2;
            if (directive == '%') {
                out.append(format, i, i + 1);
            } else {
                String filled = strftime.directive(directive);
                out.made(flagged ? padded(filled, chars.charAt(i + 1)) : filled);
            }
            copied = end;
        }
        return out.append(format, copied, chars.length()).build();
    }

    /** The C library's flags: no padding, or padding with spaces. */
    private static String padded(String filled, char flag) {
        int zeros = 0;
        while (zeros < filled.length() - 1 && filled.charAt(zeros) == '0') {
            zeros++;
        }
        return switch (flag) {
            case '-' -> filled.stripLeading().substring(filled.startsWith(" ") ? 0 : zeros);
            case '_' -> " ".repeat(zeros) + filled.substring(zeros);
            default -> filled;
        };
    }

    private String directive(char directive) {
        return switch (directive) {
            case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'c' ->
                    directives("abe", " ") + " " + directives("HMS", ":") + " " + directive('Y');
            case 'C' -> number(time.getYear() / 100, 2);
            case 'd' -> number(time.getDayOfMonth(), 2);
            case 'D', 'x' -> directives("mdy", "/");
            case 'e' -> padded(time.getDayOfMonth(), 2, " ");
            case 'f' -> number(time.getNano() / 1000, 6);
            case 'F' -> directives("Ymd", "-");
            case 'g' -> number(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2);
            case 'G' -> number(time.get(IsoFields.WEEK_BASED_YEAR), 4);
            case 'H' -> number(time.getHour(), 2);
            case 'I' -> number(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2);
            case 'j' -> number(time.getDayOfYear(), 3);
            case 'k' -> padded(time.getHour(), 2, " ");
            case 'l' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, " ");
            case 'm' -> number(time.getMonthValue(), 2);
            case 'M' -> number(time.getMinute(), 2);
            case 'n' -> "\n";
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'r' -> directives("IMS", ":") + " " + directive('p');
            case 'R' -> directives("HM", ":");
            case 'S' -> number(time.getSecond(), 2);
            case 't' -> "\t";
            case 'T', 'X' -> directives("HMS", ":");
            case 'u' -> number(time.getDayOfWeek().getValue(), 1);
            case 'U' -> number(week(time.getDayOfWeek().getValue() % 7), 2);
            case 'V' -> number(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2);
            case 'w' -> number(time.getDayOfWeek().getValue() % 7, 1);
            case 'W' -> number(week(time.getDayOfWeek().getValue() - 1), 2);
            case 'y' -> number(time.getYear() % 100, 2);
            case 'Y' -> number(time.getYear(), 4);
            case 'z', 'Z' -> ""; // as of a Python datetime that has no zone
            default -> "%" + directive;
        };
    }

    /** The week of the year, of which the first begins with the first day number 0. */
    private int week(int dayOfWeek) {
        return (time.getDayOfYear() + 6 - dayOfWeek) / 7;
    }

    private String directives(String letters, String separator) {
        return letters.chars()
                .mapToObj(letter -> directive((char) letter))
                .collect(Collectors.joining(separator));
    }

    private static String number(int value, int digits) {
        return padded(value, digits, "0");
    }

    private static String padded(int value, int width, String fill) {
        String digits = Integer.toString(value);
        return fill.repeat(Math.max(0, width - digits.length())) + digits;
    }
}
