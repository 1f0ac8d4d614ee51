# Takes the C of the documents out of them. By the word after ```c:
#   (none)     with main in it, a program; else a fragment: the inside of a function, where the variables of .ci/fragment.h are declared
#   top        declarations outside any function, which the fragments after it on the same page see
#   PATH       the file of that name, or, for a list, include/wengert/NAME.def or ```text PATH.txt, what is added to it; written only with
#              -v verbatim=1, and nothing else then
# Writes out/PAGE-NUMBER.c for each; with verbatim, out/PATH.
function write_block(    file) {
    if (kind ~ /\//) {
        if (!verbatim)
            return
        if (kind ~ /(ops|layers)\.def$/)
            add_line(out "/" kind)
        else if (kind ~ /\.(def|txt)$/)
            printf "%s%s", kind ~ /def$/ ? "\n" : "", text >> (out "/" kind)
        else
            printf "%s", text > (out "/" kind)
        return
    }
    if (verbatim)
        return
    if (kind == "top") {
        top = top text
        return
    }
    file = out "/" page "-" ++number ".c"
    if (text ~ /int main\(/)
        printf "%s", text > file
    else
        printf "#include \"fragment.h\"\n%s\nFRAGMENT\n{\n%s    return WG_OK;\n}\n", top, text > file
    close(file)
}

# An op goes to the end of the last section of ops/elementwise, a layer to that of nn/layer/dense.
function add_line(path,    line, all) {
    while ((getline line < path) > 0)
        all = all (line ~ (path ~ /ops/ ? "---- reduce: " : "---- conv: ") ? text "\n" : "") line "\n"
    close(path)
    printf "%s", all > path
    if (path ~ /ops/)
        printf "%s", text > (out "/added")
}

FNR == 1 { page = FILENAME; sub(/.*\//, "", page); sub(/\.md$/, "", page); if (FILENAME ~ /guide\/README/) page = "guide"; number = 0; top = "" }
/^```(c|text [^ ]*\/[^ ]*)( |$)/ { on = 1; kind = $2; text = ""; next }
/^```$/ { if (on) write_block(); on = 0; next }
on { text = text $0 "\n" }
