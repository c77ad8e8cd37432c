package io.github.deltallm.engine.template;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Copies the caller's data into values. Its texts are not trusted, except for a {@link Segment}
 * that says so.
 */
final class CallerData {
    private CallerData() {}

    static Value value(@Nullable Object data) {
        return value(data, 0);
    }

    private static Value value(@Nullable Object data, int depth) {
        if (depth > Budget.NESTING) {
            throw unfit("it has lists or maps more than " + Budget.NESTING + " deep");
        }
        return switch (data) {
            case null -> Value.NONE;
            case Segment segment -> Text.of(segment.text(), segment.trusted());
            case CharSequence text -> Text.untrusted(text.toString());
            case Character character -> Text.untrusted(character.toString());
            case Boolean bool -> Value.of(bool.booleanValue());
            case Number number -> number(number);
            case Map<?, ?> map -> mapping(map, depth);
            case Collection<?> collection -> list(collection, depth);
            default -> throw unfit("it has a value of the class " + data.getClass().getName());
        };
    }

    private static Value number(Number number) {
        return switch (number) {
            case Byte integer -> Value.of(integer.longValue());
            case Short integer -> Value.of(integer.longValue());
            case Integer integer -> Value.of(integer.longValue());
            case Long integer -> Value.of(integer.longValue());
            case BigInteger integer when integer.bitLength() < Long.SIZE ->
                    Value.of(integer.longValue());
            case BigInteger integer -> throw unfit("it has an integer of more than 64 bits");
            case Float real -> Value.of(real.doubleValue());
            case Double real -> Value.of(real.doubleValue());
            case BigDecimal real -> Value.of(real.doubleValue());
            default -> throw unfit("it has a number of the class " + number.getClass().getName());
        };
    }

    private static Value mapping(Map<?, ?> map, int depth) {
        Mapping.Builder builder = new Mapping.Builder();
        map.forEach((key, value) -> builder.put(value(key, depth + 1), value(value, depth + 1)));
        return builder.build();
    }

    private static Value list(Collection<?> collection, int depth) {
        List<Value> items = new ArrayList<>(collection.size());
        collection.forEach(item -> items.add(value(item, depth + 1)));
        return Value.list(items);
    }

    private static Fault unfit(String why) {
        return new Fault(Fault.Kind.UNFIT, why);
    }
}
