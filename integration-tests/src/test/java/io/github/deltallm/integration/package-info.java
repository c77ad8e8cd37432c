/** What only the whole can show. */
package io.github.deltallm.integration;
