-- Budgets that look at the model see it under one name, however it was asked for: which windows its calls land in no SQL can tell.
UPDATE state SET value = 1 WHERE name = 'windows_to_fill' AND EXISTS (SELECT 1 FROM budgets WHERE definition LIKE '%"model"%');
