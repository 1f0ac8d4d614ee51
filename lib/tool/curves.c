/* wengert curves: a log of training as a picture. A panel has the columns of one name, that of training and that of validation. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "graph_file.h"

enum { MAX_COLUMNS = 64, MAX_PATH = 1024, MAX_LINE = 16384, PER_ROW = 2, WIDE = 480, HIGH = 300 };
static const char prefix[] = "validation_";

struct curves_options {
    bool log;
};

static const wg_option options[] = {{.name = "log",
                                     .type = WG_OPTION_BOOL,
                                     .offset = offsetof(struct curves_options, log),
                                     .range = WG_BETWEEN(0, 1),
                                     .help = "logarithmic scales for losses"}};

static const struct usage usage = {
    .command = "wengert curves",
    .summary = "a log of training as learning curves",
    .operands = "LOG.csv",
    .min_operands = 1,
    .max_operands = 1,
    .out = "FILE",
    .out_help = "a name that ends with .svg or .gp (default: the log's name with .svg)",
    .title = true,
    .table = {options, 1, sizeof(struct curves_options)},
    .details =
        "LOG.csv is a file of wg_train or wg_train_log_csv: a line of names, the first of them \"epoch\", and a line for each epoch.\n"
        "gnuplot draws .svg; .gp is its script.",
};

struct table {
    const char *path;
    char line[MAX_LINE]; /* its first, cut into names */
    const char *name[MAX_COLUMNS];
    double low[MAX_COLUMNS], high[MAX_COLUMNS]; /* of the finite numbers; low > high: there are none */
    int n;
};

/* The range of each column's numbers. */
static void read_ranges(struct table *table, FILE *file)
{
    char line[MAX_LINE];
    for (int i = 0; i < table->n; i++)
        table->low[i] = INFINITY, table->high[i] = -INFINITY;
    while (fgets(line, sizeof line, file)) {
        char *rest = line;
        for (int i = 0; i < table->n && rest; i++) {
            char *end, *text = strsep(&rest, ",");
            const double value = strtod(text, &end);
            if (end == text || !isfinite(value))
                continue;
            table->low[i] = fmin(table->low[i], value);
            table->high[i] = fmax(table->high[i], value);
        }
    }
}

/* An exit status. */
static int read_names(struct table *table, const char *path, FILE *file)
{
    const bool whole = fgets(table->line, MAX_LINE, file) && strchr(table->line, '\n');
    table->line[strcspn(table->line, "\r\n")] = 0;
    if (!whole || strncmp(table->line, "epoch,", 6) != 0)
        return misused(usage.command, "expected a log, whose first line begins with epoch, in %s", path);
    for (char *rest = table->line, *name = strsep(&rest, ","); name; name = strsep(&rest, ",")) {
        if (table->n == MAX_COLUMNS)
            return misused(usage.command, "expected at most %d columns in %s", MAX_COLUMNS, path);
        table->name[table->n++] = name;
    }
    return TOOL_OK;
}

static int read_table(struct table *table, const char *path)
{
    FILE *file = fopen(path, "r");
    table->path = path;
    table->n = 0;
    if (!file)
        return misused(usage.command, "expected a log that can be read, got %s: %s", path, strerror(errno));
    const int status = read_names(table, path, file);
    if (status == TOOL_OK)
        read_ranges(table, file);
    fclose(file);
    if (status == TOOL_OK && table->low[0] > table->high[0])
        return misused(usage.command, "expected rows in %s", path);
    return status;
}

static const char *base_of(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
}

/* Whether a column is drawn in the panel of a name. */
static bool is_drawn(const struct table *table, int column, const char *name)
{
    return table->low[column] <= table->high[column] && strcmp(base_of(table->name[column]), name) == 0;
}

/* Whether a column begins a panel: the first one of its name that is drawn. */
static bool begins_panel(const struct table *table, int column)
{
    const char *name = base_of(table->name[column]);
    if (column == 0 || strcmp(name, "step") == 0 || !is_drawn(table, column, name))
        return false;
    for (int i = 1; i < column; i++)
        if (is_drawn(table, i, name))
            return false;
    return true;
}

/* A range for numbers that are all equal, of which gnuplot makes none without a warning. */
static void write_range(FILE *script, char axis, double low, double high)
{
    const double margin = low == 0 ? 1 : 0.1 * fabs(low);
    if (low == high)
        fprintf(script, "set %crange [%.17g:%.17g]\n", axis, low - margin, high + margin);
    else
        fprintf(script, "set %crange [*:*]\n", axis);
}

/* As a string of gnuplot's, in which a quote is doubled. */
static void write_quoted(FILE *script, const char *text)
{
    fputc('\'', script);
    for (; *text; text++)
        fprintf(script, *text == '\'' ? "''" : "%c", *text);
    fputc('\'', script);
}

static bool is_loss(const char *name)
{
    return strcmp(name, "loss") == 0 || ends_with(name, "loss");
}

static void write_panel(FILE *script, const struct table *table, int first, bool log)
{
    int curves = 0, n = 0;
    const char *name = base_of(table->name[first]);
    double low = INFINITY, high = -INFINITY;
    for (int i = first; i < table->n; i++) {
        n += is_drawn(table, i, name);
        low = is_drawn(table, i, name) ? fmin(low, table->low[i]) : low;
        high = is_drawn(table, i, name) ? fmax(high, table->high[i]) : high;
    }
    write_range(script, 'y', low, high);
    fprintf(script, "set title ");
    write_quoted(script, name);
    fprintf(script, log && is_loss(name) ? "\nset logscale y\n" : "\nunset logscale y\n");
    for (int i = first; i < table->n; i++) {
        if (!is_drawn(table, i, name))
            continue;
        fprintf(script, curves++ ? ", csv" : "plot csv");
        fprintf(script, " using 1:%d with linespoints lt %d title '%s'", i + 1, curves,
                n == 1                                      ? ""
                : table->name[i] == base_of(table->name[i]) ? "training"
                                                            : "validation");
    }
    fprintf(script, "\n");
}

/* Colours of Paul Tol's bright palette, as in the studies. */
static void write_script(FILE *script, const struct table *table, const char *out, const char *title, bool log)
{
    int panels = 0;
    for (int i = 0; i < table->n; i++)
        panels += begins_panel(table, i);
    panels = panels > 0 ? panels : 1;
    const int columns = panels < PER_ROW ? panels : PER_ROW, rows = (panels + PER_ROW - 1) / PER_ROW;
    fprintf(script, "set terminal svg size %d,%d noenhanced font 'sans-serif,13' background '#ffffff'\nset output ", WIDE * columns,
            HIGH * rows + 30);
    write_quoted(script, out);
    fprintf(script, "\ncsv = ");
    write_quoted(script, table->path);
    fprintf(script,
            "\nset datafile separator ','\nset datafile missing 'nan'\nset key autotitle columnhead below\n"
            "set linetype 1 lc rgb '#4477aa' lw 2 pt 7 ps 0.3\nset linetype 2 lc rgb '#ee6677' lw 2 pt 7 ps 0.3\n"
            "set border 3 lc rgb '#666666'\nset tics nomirror textcolor rgb '#444444'\nset grid lc rgb '#dddddd' lw 0.7\n"
            "set xlabel 'epoch' textcolor rgb '#444444'\nset multiplot layout %d,%d title ",
            rows, columns);
    write_quoted(script, title);
    fputc('\n', script);
    write_range(script, 'x', table->low[0], table->high[0]);
    for (int rate = 0; rate < 2; rate++) /* the rate is the last one */
        for (int i = 0; i < table->n; i++)
            if (begins_panel(table, i) && (strcmp(table->name[i], "lr") == 0) == rate)
                write_panel(script, table, i, log);
    fprintf(script, "unset multiplot\n");
}

/* The log's name with .svg instead of .csv, in path. */
static bool default_out(char path[MAX_PATH], const char *log)
{
    const int length = (int)strlen(log) - (ends_with(log, ".csv") ? 4 : 0);
    return snprintf(path, MAX_PATH, "%.*s.svg", length, log) < MAX_PATH;
}

static int draw(const struct table *table, const char *out, const char *title, bool log)
{
    const bool svg = ends_with(out, ".svg");
    char picture[MAX_PATH];
    if (!svg && !ends_with(out, ".gp"))
        return misused(usage.command, "expected a name that ends with .svg or .gp behind --out, got %s", out);
    if (is_graph_file(table->path, out))
        return misused(usage.command, "expected another file than the log behind --out, got %s", out);
    if (snprintf(picture, sizeof picture, "%.*s.svg", (int)strlen(out) - (svg ? 4 : 3), out) >= MAX_PATH)
        return misused(usage.command, "expected a path of at most %d bytes behind --out", MAX_PATH);
    FILE *script = svg ? tmpfile() : fopen(out, "w");
    if (!script)
        return misused(usage.command, "expected a file that can be written behind --out, got %s: %s", out, strerror(errno));
    write_script(script, table, picture, title, log);
    int status = svg ? picture_draw(usage.command, (const char *const[]){"gnuplot", "-", NULL}, "gnuplot-nox", script, out)
                     : TOOL_OK;
    const bool failed = ferror(script) != 0;
    if ((fclose(script) != 0 || failed) && status == TOOL_OK)
        status = misused(usage.command, "expected to write %s: %s", out, strerror(errno));
    if (status == TOOL_OK)
        puts(out);
    return status;
}

int command_curves(int argc, char **argv)
{
    struct curves_options o;
    struct arguments arguments = {.options = &o};
    static struct table table;
    char path[MAX_PATH];
    int status;
    if (!arguments_read(&usage, argc, argv, &arguments, &status))
        return status;
    status = read_table(&table, arguments.operand[0]);
    if (status != TOOL_OK)
        return status;
    if (!arguments.out && !default_out(path, table.path))
        return misused(usage.command, "expected a path of at most %d bytes", MAX_PATH);
    return draw(&table, arguments.out ? arguments.out : path, arguments.title ? arguments.title : table.path, o.log);
}
