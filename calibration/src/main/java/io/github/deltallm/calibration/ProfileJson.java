package io.github.deltallm.calibration;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.MathContext;

/** A profile's JSON, format 1: a line for each array of numbers, so that people can compare. */
final class ProfileJson {
    private static final int FORMAT = 1;

    /** More digits would say more than was measured. */
    private static final MathContext DIGITS = new MathContext(3);

    private ProfileJson() {}

    /** A number as the file holds it. */
    static float rounded(double number) {
        return decimal(number).floatValue();
    }

    static String of(CalibrationProfile profile) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json =
                JsonFactory.builder().build().createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            json.writeNumberProperty("format", FORMAT);
            json.writeStringProperty("model_sha256", profile.modelSha256());
            json.writeNumberProperty("model_bytes", profile.modelBytes());
            json.writeStringProperty("calibrated_on", profile.calibratedOn());
            json.writeName("budget");
            json.writeNumber(decimal(profile.budget()));
            json.writeName("theta");
            json.writeNumber(decimal(profile.theta()));
            json.writeStringProperty("window", profile.window());
            json.writeName("layers");
            json.writeStartArray();
            for (var heads : profile.layers()) {
                json.writeRaw('\n');
                json.writeStartObject();
                json.writeName("heads");
                json.writeStartArray();
                heads.forEach(head -> head(json, head));
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return text + "\n";
    }

    private static void head(JsonGenerator json, CalibrationProfile.Head head) {
        json.writeStartObject();
        json.writeName("theta");
        json.writeNumber(decimal(head.theta()));
        numbers(json, "query_weight", head.queryWeight());
        numbers(json, "step", head.steps());
        json.writeName("value_sigma");
        json.writeNumber(decimal(head.valueSigma()));
        numbers(json, "value_step", head.valueSteps());
        json.writeEndObject();
    }

    private static void numbers(JsonGenerator json, String name, float[] numbers) {
        json.writeName(name);
        json.writeStartArray();
        for (float number : numbers) {
            json.writeNumber(decimal(number));
        }
        json.writeEndArray();
        json.writeRaw('\n');
    }

    private static BigDecimal decimal(double number) {
        BigDecimal decimal = new BigDecimal(number).round(DIGITS).stripTrailingZeros();
        return decimal.scale() < 0 ? decimal.setScale(0) : decimal;
    }
}
