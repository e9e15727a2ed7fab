from affluence.data.contract_errors import sentences_of


def problem(kind, location, found, message="Input should be 'a' or 'b'"):
    return {"type": kind, "loc": location, "input": found, "msg": message}


def test_a_column_goes_by_its_header():
    content = {"columns": [{"source": "AGE"}, {"name": "x"}]}
    problems = [problem("missing", ("columns", 0, "use"), {}), problem("missing", ("columns", 1, "use"), {})]
    assert sentences_of(problems, content=content) == [
        "- column AGE, use: The key is missing.",
        "- column number 2, use: The key is missing.",
    ]


def test_what_was_found_is_shortened():
    (sentence,) = sentences_of([problem("literal_error", ("x",), "y" * 100)], content={})
    assert sentence == f"- x: Found '{'y' * 40}...'. Wanted 'a' or 'b'."


def test_a_list_is_not_called_short_for_its_wrong_entries():
    problems = [problem("string_type", ("tag", 0), 1), problem("too_short", ("tag",), [1])]
    assert sentences_of(problems, content={}) == ["- tag.1: Found '1'. Wanted text; put quotes around it."]
    assert sentences_of(problems[1:], content={}) == ["- tag: Found '[1]'. Wanted at least one entry."]


def test_a_rule_of_the_whole_speaks_for_itself():
    whole = problem("value_error", (), {}, "Value error, name 'a' stands more than once")
    assert sentences_of([whole], content={}) == ["- Name 'a' stands more than once."]
