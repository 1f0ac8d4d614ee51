/* Members of JSON objects, read with messages that say what was expected where. Nothing in the text is trusted. */
#include "microscope/graph/graph_members.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "microscope/graph/text.h"

/* ---- messages ---- */

static void describe(const json_t *got, char *text, size_t size)
{
    char plain[48];
    switch (got ? json_typeof(got) : JSON_NULL) {
    case JSON_STRING:
        snprintf(text, size, "\"%s\"", wg_plain_text(json_string_value(got), plain, sizeof plain));
        break;
    case JSON_INTEGER:
        snprintf(text, size, "%lld", (long long)json_integer_value(got));
        break;
    case JSON_REAL:
        snprintf(text, size, "%g", json_real_value(got));
        break;
    case JSON_ARRAY:
        snprintf(text, size, "a list of %zu", json_array_size(got));
        break;
    case JSON_OBJECT:
        snprintf(text, size, "an object");
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        snprintf(text, size, json_is_true(got) ? "true" : "false");
        break;
    case JSON_NULL:
        snprintf(text, size, got ? "null" : "nothing");
        break;
    }
}

/* graph_read_json: nodes[3], "cause": expected a number below 3, got 7 */
wg_status wg_members_refuse(const struct wg_members *in, const char *key, const json_t *got, const char *expected, ...)
{
    char place[80] = "", what[160], came[64], plain[48];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(what, sizeof what, expected, arguments);
    va_end(arguments);
    describe(got, came, sizeof came);
    if (in->list)
        snprintf(place, sizeof place, "%s[%zu], ", in->list, in->at);
    return wg_fail(WG_E_ARGUMENT, "graph_read_json", "graph_read_json: %s\"%s\": expected %s, got %s", place,
                   wg_plain_text(key, plain, sizeof plain), what, came);
}

/* ---- members of an object; one that is missing has the preset ---- */

wg_status wg_members_check(const struct wg_members *in, json_t *object, const char *const *known)
{
    const char *key;
    json_t *member;
    if (!json_is_object(object))
        return wg_members_refuse(in, in->list, object, "an object");
    json_object_foreach(object, key, member)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return wg_members_refuse(in, key, member, "only keys of the format");
    }
    return WG_OK;
}

wg_status wg_member_text(const struct wg_members *in, const json_t *object, const char *key, const char **to)
{
    const json_t *member = json_object_get(object, key);
    *to = "";
    if (!member)
        return WG_OK;
    if (!json_is_string(member))
        return wg_members_refuse(in, key, member, "a text");
    *to = wg_arena_text(in->arena, json_string_value(member));
    return *to ? WG_OK : WG_E_MEMORY;
}

/* One of n names. */
wg_status wg_member_choice(const struct wg_members *in, const json_t *object, const char *key, const char *const *name, size_t n,
                           unsigned *to)
{
    const json_t *member = json_object_get(object, key);
    char names[80] = "";
    struct wg_text list = {names, sizeof names, 0};
    *to = 0;
    for (size_t i = 0; i < n; i++) {
        if (!member || (json_is_string(member) && strcmp(json_string_value(member), name[i]) == 0)) {
            *to = (unsigned)i;
            return WG_OK;
        }
        wg_say(&list, "%s\"%s\"", i ? ", " : "", name[i]);
    }
    return wg_members_refuse(in, key, member, "one of %s", names);
}

wg_status wg_member_flag(const struct wg_members *in, const json_t *object, const char *key, bool *to)
{
    const json_t *member = json_object_get(object, key);
    *to = json_is_true(member);
    return !member || json_is_boolean(member) ? WG_OK : wg_members_refuse(in, key, member, "true or false");
}

bool wg_member_is_below(const json_t *member, size_t limit)
{
    return json_is_integer(member) && json_integer_value(member) >= 0 && (uint64_t)json_integer_value(member) < limit;
}

wg_status wg_member_number(const struct wg_members *in, const json_t *object, const char *key, size_t preset, size_t limit,
                           size_t *to)
{
    const json_t *member = json_object_get(object, key);
    *to = preset;
    if (!member)
        return WG_OK;
    if (!wg_member_is_below(member, limit))
        return limit == 0 ? wg_members_refuse(in, key, member, "no such key here")
                          : wg_members_refuse(in, key, member, "a number from 0, below %zu", limit);
    *to = (size_t)json_integer_value(member);
    return WG_OK;
}

/* How many a node, a value or a section stands for. */
wg_status wg_member_multiple(const struct wg_members *in, const json_t *object, const char *key, size_t *to)
{
    WG_TRY(wg_member_number(in, object, key, 1, SIZE_MAX, to));
    return *to > 0 ? WG_OK : wg_members_refuse(in, key, json_object_get(object, key), "a number from 1");
}

bool wg_member_is_real(const json_t *member, double *to)
{
    const char *text = json_string_value(member);
    if (json_is_number(member))
        *to = json_number_value(member);
    else if (text && strcmp(text, "nan") == 0)
        *to = NAN;
    else if (text && strcmp(text, "inf") == 0)
        *to = INFINITY;
    else if (text && strcmp(text, "-inf") == 0)
        *to = -INFINITY;
    else
        return false;
    return true;
}

/* A count: no less than 0, and no NaN. */
wg_status wg_member_count(const struct wg_members *in, const json_t *object, const char *key, double preset, double *to)
{
    const json_t *member = json_object_get(object, key);
    *to = preset;
    return !member || (wg_member_is_real(member, to) && *to >= 0)
               ? WG_OK
               : wg_members_refuse(in, key, member, "a number that is not negative");
}

/* A list of numbers below limit; null stands for WG_GRAPH_NONE where that is allowed. */
wg_status wg_member_list(const struct wg_members *in, const json_t *object, const char *key, size_t limit, bool null,
                         const size_t **to, size_t *n)
{
    const json_t *list = json_object_get(object, key);
    if (list && !json_is_array(list))
        return wg_members_refuse(in, key, list, "a list");
    *n = json_array_size(list);
    size_t *number = wg_arena_take(in->arena, *n * sizeof *number);
    if (!number)
        return WG_E_MEMORY;
    for (size_t i = 0; i < *n; i++) {
        const json_t *member = json_array_get(list, i);
        if (!(null && json_is_null(member)) && !wg_member_is_below(member, limit))
            return wg_members_refuse(in, key, member, "numbers from 0, below %zu%s", limit, null ? ", or null" : "");
        number[i] = json_is_null(member) ? WG_GRAPH_NONE : (size_t)json_integer_value(member);
    }
    *to = number;
    return WG_OK;
}
