/**
 * What an application calls: open a {@link io.github.deltallm.engine.Model}, start a {@link
 * io.github.deltallm.engine.Session}, generate.
 *
 * <pre>{@code
 * try (Model model = Model.open(Path.of("model.gguf"), ModelOptions.DEFAULT);
 *         Session session = model.newSession()) {
 *     int[] prompt = model.chatPrompt(List.of(ChatMessage.user("What is gravity?")));
 *     session.generate(prompt, GenerationOptions.DEFAULT, System.out::print);
 * }
 * }</pre>
 */
package io.github.deltallm.engine;
